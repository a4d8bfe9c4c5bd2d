"""Frames one after the other, each named while the next one's candidates are sought.

A frame by itself leaves a processor core idle wherever a stage has no second half to share, or waits for its other
half; of recordings there is always a next frame to fill that time with. What comes of it is the same to the last bit:
finding knows nothing of tracks, and each of the two is done frame by frame, in order.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from edge.errors import SourceError
from edge.frame import Frame
from edge.messages import FrameMessage
from edge.reader import SignReader


def read_ahead(frames: Iterator[Frame], signs: SignReader) -> Iterator[tuple[Frame, FrameMessage]]:
    """Each frame with its message; `signs.insight` is of that frame until the next one is asked for.

    Raises what `frames` raises, after the message of the last frame before it.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="find") as executor:
        frame, fault = _next_of(frames)
        finding = None if frame is None else executor.submit(signs.find, frame)
        while frame is not None and finding is not None:
            found = finding.result()
            following, fault = _next_of(frames)
            finding = None if following is None else executor.submit(signs.find, following)
            yield frame, signs.name(found)
            frame = following
    if fault is not None:
        raise fault


def _next_of(frames: Iterator[Frame]) -> tuple[Frame | None, SourceError | None]:
    try:
        return next(frames, None), None
    except SourceError as error:
        return None, error
