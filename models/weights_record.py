"""What a set of weights is: the record beside the weights, `classifier.json`.

It says how the weights were made, so that they can be made again, and what a program must know to use them: the crop's
margin and size, the catalogue, the temperature.
"""

import hashlib
import json
import math
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from models.catalogue import Catalogue, load_catalogue
from models.errors import ModelError
from models.whole_files import write_text_whole

BUILT_IN = Path(__file__).with_name("weights")
RECORD = "classifier.json"
KERAS = "classifier.keras"
LITERT = "classifier.tflite"
LITERT_INT8 = "classifier-int8.tflite"
CATALOGUE = "catalogue.csv"
"""The signs that the weights tell apart. A folder without it is for the catalogue of the package."""
VERSION = 1
"""Of the record. A higher one changes what older fields mean, or needs new ones to run the weights."""
LARGEST_CROP_PX = 512


@dataclass(frozen=True, slots=True)
class WeightsRecord:
    """The record of one network's weights."""

    catalogue_digest: str
    sign_classes: int
    """Logits are one more: the last is the background's."""
    crop_size_px: int
    crop_margin: float
    """Context on each side of a sign's box, as a share of it."""
    temperature: float
    """Logits are divided by it before the softmax."""
    parameters: int
    multiply_adds: int
    command: str
    """The command that makes these weights again."""
    recipe: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    """Which pictures: counts, and digests of the tables they are listed in."""
    figures: dict[str, float] = field(default_factory=dict)
    """Measured while training, on tracks held out of it."""
    beside: dict[str, dict[str, Any]] = field(default_factory=dict)
    """How each companion was made that is among the files: its command, recipe, data, size and figures."""
    files: dict[str, str] = field(default_factory=dict)
    """Each file of these weights and the head of its SHA-256: files of two trainings in one folder don't mix."""
    version: int = VERSION

    def check(self, catalogue: Catalogue, place: Path) -> None:
        """Raise ModelError where the weights are for another catalogue than the one in use."""
        if self.catalogue_digest != catalogue.digest or self.sign_classes != len(catalogue):
            raise ModelError(
                f"{place}: these weights are for another catalogue ({self.sign_classes} signs, "
                f"{self.catalogue_digest}) than the one in use ({len(catalogue)} signs, {catalogue.digest}); "
                f"put theirs beside them as {CATALOGUE}, or train weights for it with `signwatch train`"
            )


def digest_of(content: bytes) -> str:
    """The head of the SHA-256 by which a record knows a file."""
    return hashlib.sha256(content).hexdigest()[:16]


def read_weights(file: Path, record: WeightsRecord) -> bytes:
    """The content of one of the record's files.

    Raises ModelError where it can't be read or is not the one that the record was written for. A record that knows no
    such file, as of older weights, takes any.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: can't be loaded as weights ({error}); train or export them again") from error
    if digest_of(content) != record.files.get(file.name, digest_of(content)):
        raise ModelError(
            f"{file}: can't be loaded as weights (damaged, or of another training than {RECORD} beside it); "
            "train or export them again"
        )
    return content


def write_record(folder: Path, record: WeightsRecord) -> None:
    """Write the record beside the weights."""
    write_text_whole(folder / RECORD, json.dumps(asdict(record), indent=2) + "\n")


def read_record(folder: Path) -> WeightsRecord:
    """Read the record in a folder of weights.

    Raises ModelError where it is missing, not one, or of another version.
    """
    file = folder / RECORD
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it is no JSON object")
        _check_version(found, file)
        lacking = [one.name for one in fields(WeightsRecord) if _is_required(one) and one.name not in found]
        if lacking:
            raise ValueError(f"it lacks {', '.join(lacking)}")
        record = msgspec.convert(found, WeightsRecord)
        if not (0 < record.temperature < math.inf and -0.5 < record.crop_margin < math.inf):
            raise ValueError(f"temperature {record.temperature} or crop margin {record.crop_margin} can't be")
        if record.sign_classes < 1 or not 1 <= record.crop_size_px <= LARGEST_CROP_PX:
            raise ValueError(f"{record.sign_classes} signs in crops of {record.crop_size_px} pixels can't be")
    except (OSError, ValueError) as error:  # msgspec's are ValueErrors
        raise ModelError(
            f"{file}: no record of weights ({error}); give a folder that `signwatch train` made"
        ) from error
    return record


def catalogue_of(folder: Path) -> Catalogue:
    """The signs that the weights in a folder tell apart: the catalogue beside them, else the one of the package."""
    file = folder / CATALOGUE
    return load_catalogue(file) if file.exists() else load_catalogue()


def _check_version(found: dict[str, Any], file: Path) -> None:
    version = found.get("version", 1)
    if isinstance(version, int) and version > VERSION:
        raise ModelError(
            f"{file}: these weights are of a newer Signwatch (record {version}, this one reads up to {VERSION}); "
            "update Signwatch, or train them again"
        )
    unknown = sorted(found.keys() - {one.name for one in fields(WeightsRecord)})
    if unknown and "catalogue_digest" in found:
        raise ModelError(
            f"{file}: these weights are of another version of Signwatch, which also records {', '.join(unknown)}; "
            "update Signwatch, or train them again"
        )


def _is_required(one: "Field[Any]") -> bool:
    return one.default is MISSING and one.default_factory is MISSING
