"""Frames of a recording from somewhere in the middle on, numbered as in one pass through all of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from edge.archive.finding import Recording, pictures_in
from edge.archive.survey import Anchor
from edge.errors import SourceError
from edge.frame import SEQUENCE_FPS, Frame
from edge.sources import PictureSource, VideoSource

LOOK_BACK_S = 35.0
"""So much before its beginning a piece's pictures are looked at, without reading signs: a drive's light is judged by
its last 30 s."""
LONGER = 2.0
"""How much farther back the next jump goes where one lands too late."""
DECODING_THREADS = 1
"""Other cores read other pieces."""

UNKNOWN = -1
"""Number of a frame before the anchor, which nobody needs."""


class JumpMissed(Exception):
    """The anchor was not among the frames after a jump: such a recording has to be read in one piece."""


def frames_of(recording: Recording, camera: str | None, anchor: Anchor | None) -> Iterator[Frame]:
    """Give the frames of a recording from `LOOK_BACK_S` before a frame on; before that one their number is `UNKNOWN`.

    Args:
        recording: A file or folder.
        camera: Its name, in an MCAP file of several.
        anchor: The frame; None for all from the beginning.

    Raises:
        SourceError: As the recording's source does.
        JumpMissed: Where the frame was not met.
    """
    if recording.format == "pictures":
        return _pictures(recording, anchor)
    if recording.format == "mcap":
        return _recorded(Path(recording.path), camera)
    return _video_from(recording.path, anchor) if anchor else _video(recording.path)


def _recorded(path: Path, camera: str | None) -> Iterator[Frame]:
    from edge.sources.recorded import open_recorded  # what reads MCAP is loaded only where it is read

    chosen = [source for source in open_recorded(path) if camera in (None, source.name)]
    if not chosen:
        raise SourceError(f"{path} holds no camera {camera} any more; was it written anew?")
    with chosen[0] as source:
        yield from source.frames()


def _pictures(recording: Recording, anchor: Anchor | None) -> Iterator[Frame]:
    begin = anchor.number if anchor else 0
    first = max(0, begin - round(LOOK_BACK_S * SEQUENCE_FPS))
    paths = pictures_in(Path(recording.path))[first:]
    source = PictureSource(paths, name=recording.name)
    for frame in source.frames():
        number = frame.number + first
        yield replace(frame, number=number if number >= begin else UNKNOWN)


def _video(path: str) -> Iterator[Frame]:
    with VideoSource(path, threads=DECODING_THREADS) as source:
        yield from source.frames()


def _video_from(path: str, anchor: Anchor) -> Iterator[Frame]:
    back_s = LOOK_BACK_S
    while True:
        with VideoSource(path, threads=DECODING_THREADS) as source:
            from_start = back_s >= anchor.time_s
            if not from_start:
                source.jump(anchor.time_s - back_s)
            landed = met = False
            try:
                for frame in source.frames():
                    if met:
                        yield frame
                    elif frame.time_s < anchor.time_s:
                        landed = True
                        yield replace(frame, number=UNKNOWN)
                    elif frame.time_s == anchor.time_s:
                        met = True
                        source.renumber(anchor.number)
                        yield replace(frame, number=anchor.number)
                    elif landed or from_start:
                        raise JumpMissed
                    else:
                        break  # too late
            except SourceError as error:
                if met:
                    raise
                raise JumpMissed from error
            if met:
                return
            if landed:
                raise JumpMissed
        back_s *= LONGER
