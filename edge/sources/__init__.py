"""Where pictures come from, each behind the same small interface.

=================  ==========================================================
`pattern`        a test pattern, so nothing here needs a camera to be tried
`video`          recordings
`pictures`       a folder, a glob, single pictures
`camera`         cameras on this machine and streams, through `newest`
`pacing`         a recording at its own pace
=================  ==========================================================
"""

import re
from pathlib import Path

from edge.errors import SourceError
from edge.sources.address import is_address
from edge.sources.camera import CameraSource, open_camera, open_stream
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
from edge.sources.video import VideoSource

__all__ = [
    "CameraSource",
    "PacedSource",
    "PatternSource",
    "PictureSource",
    "Source",
    "VideoSource",
    "open_camera",
    "open_source",
    "open_stream",
    "read_picture",
]


def open_source(spec: str, *, name: str | None = None, realtime: bool = False) -> Source:
    """Open what a user named.

    Args:
        spec: A camera's number (`0`) or device (`/dev/video0`); a stream's address
            (`rtsp://…`); a test pattern (`pattern:`, see
            `edge.sources.pattern.parse_pattern`); a folder, glob or file of pictures;
            anything else is a recording.
        name: What messages call the source; chosen from `spec` if None.
        realtime: Give a recording or pattern at its own pace and drop what comes too late. A
            pattern then never ends. Cameras and streams do so anyway.

    Raises:
        SourceError: Where it can't be opened; the message is one line for the user.
    """
    if not spec:
        raise SourceError("the source's name is empty; give a camera, address, file or folder")
    if spec.startswith(PREFIX):
        return _paced(parse_pattern(spec, endless=realtime, name=name), realtime)
    if re.fullmatch(r"[0-9]{1,4}", spec):
        return open_camera(int(spec), name=name)
    if spec.startswith("/dev/"):
        return open_camera(spec, name=name)
    if is_address(spec):
        return open_stream(spec, name=name)
    path = Path(spec)
    pictures = path.is_dir() or is_picture(path) or (is_glob(spec) and not path.exists())
    if pictures:
        return _paced(PictureSource(find_pictures(spec), name=name or spec), realtime)
    return _paced(VideoSource(path, name=name), realtime)


def _paced(source: Source, realtime: bool) -> Source:
    return PacedSource(source) if realtime else source
