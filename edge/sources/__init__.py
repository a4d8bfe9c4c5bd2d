"""Where pictures come from, each behind the same small interface.

===============  ==========================================================
`pattern`      a test pattern, so nothing here needs a camera to be tried
`video`        recordings
`pictures`     a folder, a glob, single pictures
`recorded`     the cameras of an MCAP recording
`live`         cameras (`camera`) and streams (`stream`), opened again whenever they fail
`pacing`       a recording at its own pace
`captured`     any of them read by a thread of its own
===============  ==========================================================
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.errors import SourceError
from edge.sources.address import is_address, without_credentials
from edge.sources.camera import AS_IT_IS, CameraSettings, camera_label, open_camera
from edge.sources.captured import CapturedSource
from edge.sources.live import LiveSource, SourceEvent
from edge.sources.pacing import PacedSource
from edge.sources.pattern import PREFIX, PatternSource, parse_pattern
from edge.sources.pictures import (
    PictureSource,
    find_pictures,
    is_glob,
    is_picture,
    read_picture,
)
from edge.sources.source import Source
from edge.sources.stream import OPEN_TIMEOUT_S, READ_TIMEOUT_S, check_address, open_stream
from edge.sources.video import VideoSource
from edge.sources.view import WHOLE, View, ViewedSource

__all__ = [
    "RECORDING_SUFFIX",
    "CameraSettings",
    "CapturedSource",
    "LiveSource",
    "PacedSource",
    "PatternSource",
    "PictureSource",
    "Source",
    "SourceEvent",
    "SourceOptions",
    "VideoSource",
    "View",
    "open_all",
    "open_camera",
    "open_source",
    "open_stream",
    "read_picture",
]


RECORDING_SUFFIX = ".mcap"


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How a source is opened and looked at; each option counts only where it applies."""

    view: View = WHOLE
    camera: CameraSettings = AS_IT_IS
    open_timeout_s: float = OPEN_TIMEOUT_S
    """Of streams: how long the server may take to answer."""
    read_timeout_s: float = READ_TIMEOUT_S
    """Of streams: so long without a picture means that it has failed."""
    report: Callable[[SourceEvent], None] = lambda event: None
    """Of cameras and streams: is told when one is opened or fails."""
    beat: Callable[[], None] = lambda: None
    """Of cameras and streams: called before each attempt and each picture."""


DEFAULTS = SourceOptions()


def open_source(
    spec: str, *, name: str | None = None, realtime: bool = False, options: SourceOptions = DEFAULTS
) -> Source:
    """Open what a user named.

    A camera or stream is opened when it is read, again and again until it is there: see `LiveSource`.

    Args:
        spec: A camera's number (`0`) or device (`/dev/video0`); a stream's address
            (`rtsp://…`); a test pattern (`pattern:`, see
            `edge.sources.pattern.parse_pattern`); a folder, glob or file of pictures;
            anything else is a recording.
        name: What messages call the source; chosen from `spec` if None.
        realtime: Give a recording or pattern at its own pace and drop what comes too late. A
            pattern then never ends. Cameras and streams do so anyway.
        options: How it is opened and looked at.

    Raises:
        SourceError: Where it can't be opened; the message is one line for the user.
    """
    if not spec:
        raise SourceError("the source's name is empty; give a camera, address, file or folder")
    if re.fullmatch(r"[0-9]{1,4}", spec) or spec.startswith("/dev/"):
        device: int | str = int(spec) if spec.isdigit() else spec
        return LiveSource(
            lambda: open_camera(device, options.camera),
            name=name or camera_label(device),
            view=options.view,
            report=options.report,
            beat=options.beat,
        )
    if is_address(spec):
        check_address(spec)
        return LiveSource(
            lambda: open_stream(spec, open_timeout_s=options.open_timeout_s, read_timeout_s=options.read_timeout_s),
            name=name or without_credentials(spec),
            view=options.view,
            report=options.report,
            beat=options.beat,
        )
    source = _open_recorded(spec, name, endless=realtime)
    if options.view != WHOLE:
        source = ViewedSource(source, options.view)
    return PacedSource(source) if realtime else source


def open_all(spec: str) -> list[Source]:
    """Open what a user named, as `open_source` does; of an MCAP recording, each of its cameras.

    Raises:
        SourceError: As `open_source`.
    """
    if Path(spec).suffix != RECORDING_SUFFIX:
        return [open_source(spec)]
    from edge.sources.recorded import open_recorded  # what reads MCAP is loaded only where it is read

    return [*open_recorded(Path(spec))]


def _open_recorded(spec: str, name: str | None, *, endless: bool) -> Source:
    if spec.startswith(PREFIX):
        return parse_pattern(spec, endless=endless, name=name)
    path = Path(spec)
    if path.suffix == RECORDING_SUFFIX:
        cameras = open_all(spec)
        if len(cameras) > 1:
            found = ", ".join(camera.name for camera in cameras)
            raise SourceError(f"{path} holds several cameras ({found}); `signwatch process` reads them all")
        (camera,) = cameras
        camera.name = name or camera.name
        return camera
    if path.is_dir() or is_picture(path) or (is_glob(spec) and not path.exists()):
        return PictureSource(find_pictures(spec), name=name or spec)
    return VideoSource(path, name=name)
