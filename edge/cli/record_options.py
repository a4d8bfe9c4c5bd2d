"""Options of recording, and the settings that they are turned into."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edge.recording.settings import RecordingSettings

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
DEFAULTS = RecordingSettings(Path())


class Bytes(click.ParamType[int]):
    """A number of bytes, such as `256M`."""

    name = "SIZE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)B?", str(value).upper(), re.ASCII)
        size = round(float(match[1]) * UNITS[match[2]]) if match else 0
        if size < 1:
            self.fail(f"{value!r} is no size; write it like 256M or 10G", param, ctx)
        return size


def _text(size: int) -> str:
    unit = next(unit for unit in reversed(UNITS) if size % UNITS[unit] == 0)
    return f"{size // UNITS[unit]}{unit}"


_RECORD = (
    click.option(
        "--record",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Record pictures and messages here, as MCAP files.",
    ),
    click.option(
        "--record-mode",
        type=click.Choice(["events", "all"]),
        help="The seconds around each confirmed sign, or the whole drive; events if not given.",
    ),
    click.option(
        "--record-before",
        type=click.FloatRange(0, 60),
        metavar="S",
        help=f"Keep so much before a sign was confirmed; {DEFAULTS.before_s:g} s if not given.",
    ),
    click.option(
        "--record-after",
        type=click.FloatRange(0, 3600),
        metavar="S",
        help=f"Keep so much after it was seen last; {DEFAULTS.after_s:g} s if not given.",
    ),
    click.option(
        "--record-quota",
        type=Bytes(),
        help=f"Of all recordings there; the oldest are removed. {_text(DEFAULTS.quota_bytes)} if not given.",
    ),
    click.option(
        "--record-file-size",
        type=Bytes(),
        help=f"Begin another file after so much; {_text(DEFAULTS.file_bytes)} if not given.",
    ),
    click.option(
        "--record-file-time",
        type=click.FloatRange(1),
        metavar="S",
        help=f"Begin another file after so long; {DEFAULTS.file_s:g} s if not given.",
    ),
    click.option(
        "--record-quality",
        type=click.IntRange(1, 100),
        metavar="N",
        help=f"Of the pictures, as JPEG; {DEFAULTS.jpeg_quality} if not given.",
    ),
)


def record_options(command: Callable[..., None]) -> Any:
    """Decorate a command with what can be asked of recording; it gets them as `recording`, None for none."""

    @functools.wraps(command)
    def with_settings(
        *arguments: Any,
        record: Path | None,
        record_mode: str | None,
        record_before: float | None,
        record_after: float | None,
        record_quota: int | None,
        record_file_size: int | None,
        record_file_time: float | None,
        record_quality: int | None,
        **others: Any,
    ) -> None:
        asked = {
            "everything": None if record_mode is None else record_mode == "all",
            "before_s": record_before,
            "after_s": record_after,
            "quota_bytes": record_quota,
            "file_bytes": record_file_size,
            "file_s": record_file_time,
            "jpeg_quality": record_quality,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        command(*arguments, recording=_settings(record, given), **others)

    for option in reversed(_RECORD):
        with_settings = option(with_settings)
    return with_settings


def _settings(folder: Path | None, given: dict[str, Any]) -> RecordingSettings | None:
    if folder is None:
        if given:
            raise click.UsageError("what is recorded is asked for, but not where to; give --record FOLDER")
        return None
    try:
        return RecordingSettings(folder, **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
