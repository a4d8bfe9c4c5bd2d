"""The signs that can be told apart: one table, `catalogue.csv`, read by everything that names a sign.

In the table of the package, class ids and English names are those of the German Traffic Sign Recognition Benchmark
(Stallkamp et al., "Man vs. computer", Neural Networks 32, 2012); codes are those of the German road traffic regulations
(StVO). Another country's signs are another table, and weights trained for it carry it with them.
"""

import csv
import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from models.errors import DataError
from models.whole_files import write_text_whole

Category = Literal["prohibitory", "danger", "mandatory", "priority", "end", "information", "direction", "other"]
"""What a sign asks of a driver, after the classes of the Vienna Convention on Road Signs and Signals (1968)."""
Shape = Literal[
    "circle", "triangle", "inverted triangle", "octagon", "diamond", "rectangle", "pentagon", "cross", "other"
]

Rule = Literal["speed-limit", "no-passing", "no-passing-heavy", "priority-road", "right-of-way", "yield", "stop"]
"""What a driver has to go by from a sign on, or at the junction behind it; `no-passing-heavy` is for heavy vehicles
alone."""

BUILT_IN = Path(__file__).with_name("catalogue.csv")
COLUMNS = ("class_id", "code", "name", "category", "shape", "colours", "value", "unit")
MIRROR, RULES, WIDTHS = "mirror", "rules", "widths_mm"
OPTIONAL_COLUMNS = (MIRROR, RULES, WIDTHS)
"""Last columns, each of which may be left out."""
SPEED_UNITS = ("km/h", "mph")
LEAST_WIDTH_MM, MOST_WIDTH_MM = 100.0, 10_000.0
"""Of a road sign; metres or inches by mistake are far from it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One kind of sign, a row of the catalogue."""

    class_id: int
    code: str
    """The country's own number for it, such as `274-50`; empty where it has none."""
    name: str
    category: Category
    shape: Shape
    colours: tuple[str, ...]
    value: int | float | None
    """What the sign limits, in `unit`: 50 for a limit of 50 km/h; None where there is no number."""
    unit: str | None
    mirror: int | None = None
    """Class id of what it is in a mirror: itself, its twin for the other side, or None where that is no sign."""
    rules: tuple[Rule, ...] = ()
    """The rules that it begins or, in category `end`, those that it ends."""
    widths_mm: tuple[float, ...] = ()
    """How wide its outline is in each size that it is made in, smallest first; empty where that isn't known. See
    `models.sign_sizes`."""


class Catalogue:
    """A set of signs with class ids 0 to n-1, in that order."""

    def __init__(self, signs: list[Sign]) -> None:
        for position, sign in enumerate(signs):
            if sign.class_id != position:
                raise DataError(f"class ids must count up from 0; row {position + 1} has {sign.class_id}")
        if not signs:
            raise DataError("it holds no sign")
        self._signs = tuple(signs)
        for sign in self:
            if sign.mirror is not None and self[sign.mirror].mirror != sign.class_id:
                raise DataError(
                    f"{sign.class_id} is {sign.mirror} in a mirror, but {sign.mirror} is {self[sign.mirror].mirror}"
                )

    def __len__(self) -> int:
        return len(self._signs)

    def __iter__(self) -> Iterator[Sign]:
        return iter(self._signs)

    def __getitem__(self, class_id: int) -> Sign:
        if not 0 <= class_id < len(self._signs):
            raise DataError(f"no sign has class id {class_id} (there are 0 to {len(self._signs) - 1})")
        return self._signs[class_id]

    @property
    def digest(self) -> str:
        """12 hex digits that change with any class, so that weights can say which catalogue they were trained for."""
        text = "\n".join(f"{sign.class_id},{sign.code},{sign.name}" for sign in self._signs)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def speed_limits(self) -> tuple[Sign, ...]:
        """The signs that forbid to go faster than `value`, in whatever unit."""
        return tuple(
            sign
            for sign in self._signs
            if sign.category == "prohibitory" and sign.unit in SPEED_UNITS and sign.value is not None
        )


def load_catalogue(path: Path = BUILT_IN) -> Catalogue:
    """Read a catalogue: CSV in UTF-8 with the columns of `COLUMNS`, perhaps those of `OPTIONAL_COLUMNS`.

    Several colours, rules or widths are parted by spaces. Where no rule is given, a sign that forbids a speed or ends
    that is `speed-limit`. Raises DataError with the file and line where something is missing or not a known word.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            header = tuple(rows.fieldnames or ())
            if header != (*COLUMNS, *(column for column in OPTIONAL_COLUMNS if column in header)):
                raise DataError(f"{path}: the first line must be {','.join(COLUMNS)}")
            signs = [_sign(row, f"{path}:{rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: can't be read as a catalogue ({error})") from error
    try:
        return Catalogue(signs)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def write_catalogue(path: Path, catalogue: Catalogue) -> None:
    """Write a catalogue as `load_catalogue` reads it. Raises ModelError where it can't be written."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow((*COLUMNS, *OPTIONAL_COLUMNS))
    for sign in catalogue:
        rows.writerow(
            (sign.class_id, sign.code, sign.name, sign.category, sign.shape, " ".join(sign.colours), sign.value,
             sign.unit, sign.mirror, " ".join(sign.rules), " ".join(f"{width:g}" for width in sign.widths_mm))
        )  # fmt: skip
    write_text_whole(path, text.getvalue())


def _sign(row: dict[str, str], place: str) -> Sign:
    if None in row.values() or None in row:
        raise DataError(f"{place}: it has not the columns of the first line")
    if not row["name"].strip():
        raise DataError(f"{place}: a sign without a name")
    for column, words in (("category", get_args(Category)), ("shape", get_args(Shape))):
        if row[column] not in words:
            raise DataError(f"{place}: {column} is {row[column]!r}, must be one of {', '.join(words)}")
    try:
        return Sign(
            class_id=int(row["class_id"]),
            code=row["code"],
            name=row["name"],
            category=cast("Category", row["category"]),
            shape=cast("Shape", row["shape"]),
            colours=tuple(row["colours"].split()),
            value=_number(row["value"]),
            unit=row["unit"] or None,
            mirror=int(row[MIRROR]) if row.get(MIRROR) else None,
            rules=_rules(row),
            widths_mm=_widths(row.get(WIDTHS) or ""),
        )
    except (ValueError, TypeError) as error:
        raise DataError(f"{place}: {error}") from error


def _rules(row: dict[str, str]) -> tuple[Rule, ...]:
    words = tuple((row.get(RULES) or "").split())
    for word in words:
        if word not in get_args(Rule):
            raise ValueError(f"rules has {word!r}, must be of {', '.join(get_args(Rule))}")
    speed = row["unit"] in SPEED_UNITS and bool(row["value"])
    if "speed-limit" in words and row["category"] != "end" and not speed:
        raise ValueError(f"a speed-limit has a value and a unit, {' or '.join(SPEED_UNITS)}")
    if not words and speed and row["category"] in ("prohibitory", "end"):
        return ("speed-limit",)
    return cast("tuple[Rule, ...]", words)


def _widths(text: str) -> tuple[float, ...]:
    widths = tuple(float(word) for word in text.split())
    if not all(LEAST_WIDTH_MM <= width <= MOST_WIDTH_MM for width in widths) or list(widths) != sorted(widths):
        raise ValueError(
            f"widths_mm is {text}, must be from {LEAST_WIDTH_MM:g} to {MOST_WIDTH_MM:g} mm, the smallest first"
        )
    return widths


def _number(text: str) -> int | float | None:
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"value is {text}, must be a number from 0 on")
    return int(value) if value.is_integer() else value
