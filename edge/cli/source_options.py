"""From the options of cameras and streams to how a source is opened."""

from collections.abc import Callable
from typing import Literal, TypedDict, cast

from edge.sources import CameraSettings, SourceEvent, SourceOptions, View
from edge.sources.stream import OPEN_TIMEOUT_S, READ_TIMEOUT_S


class CameraOptions(TypedDict):
    """What the options of `camera_options` give a command."""

    size: tuple[int, int] | None
    fps: float | None
    pixel_format: str | None
    exposure: float | None
    open_timeout_s: float | None
    read_timeout_s: float | None
    rotate: str
    mirror: bool
    roi: tuple[int, int, int, int] | None


def source_options(options: CameraOptions, report: Callable[[SourceEvent], None] = lambda event: None) -> SourceOptions:
    """How a source is opened and looked at; `report` is told what happens to it."""
    return SourceOptions(
        view=View(cast(Literal[0, 90, 180, 270], int(options["rotate"])), options["mirror"], options["roi"]),
        camera=CameraSettings(options["size"], options["fps"], options["pixel_format"], options["exposure"]),
        open_timeout_s=options["open_timeout_s"] or OPEN_TIMEOUT_S,
        read_timeout_s=options["read_timeout_s"] or READ_TIMEOUT_S,
        report=report,
    )
