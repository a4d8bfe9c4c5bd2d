"""What is to be known of a recording before it is cut into pieces: its content's hash, its frames, where pieces begin.

Decodes nothing: of a video the packets are counted, as the container has them, and their key frames noted. Pieces begin
at key frames, since only there decoding can begin, and are the same however many workers there are.
"""

import hashlib
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import cv2
import msgspec

from edge.archive.clock import video_start_ns
from edge.archive.finding import Recording, pictures_in
from edge.errors import SourceError
from edge.frame import SEQUENCE_FPS
from edge.opencv_log import quiet_opencv
from edge.sources import VideoSource

PIECE_S = 300.0
"""Length of a piece. What is done twice at each join, a few seconds of reading and half a minute of looking, is then
some hundredths of the work."""
LEAST_SHARE = 0.5
"""Of a piece's length that a recording's last piece has at least."""
BLOCK_BYTES = 2**20


class Anchor(msgspec.Struct, frozen=True):
    """A frame that can be told from all others."""

    number: int
    """Position in the recording, from 0."""
    time_s: float
    """`Frame.time_s`, to the last bit."""


class Camera(msgspec.Struct, frozen=True):
    """One camera's pictures in a recording."""

    name: str | None
    """None where a recording has one."""
    frames: int
    """That are to be expected."""
    fps: float | None
    starts: tuple[Anchor, ...]
    """First frames of the pieces after the first one."""


class Survey(msgspec.Struct, frozen=True):
    """What was found."""

    content_hash: str
    """SHA-256 in hexadecimal, of a folder of its pictures' names and contents."""
    cameras: tuple[Camera, ...]
    started_ns: int | None
    """UNIX time of the first frame where the file tells it."""
    fault: str | None = None
    """Why nothing can be read, in one line; there are no cameras then."""


def survey(recording: Recording, piece_s: float) -> Survey:
    """Look through a recording. Raises OSError where it can't be read at all."""
    path = Path(recording.path)
    if recording.format == "pictures":
        pictures = pictures_in(path)
        anchors = [Anchor(number, number / SEQUENCE_FPS) for number in range(len(pictures))]
        camera = Camera(None, len(pictures), None, _starts(anchors, piece_s))
        return Survey(_hash_of(pictures, named=True), (camera,), None)
    digest = _hash_of([path], named=False)
    try:
        if recording.format == "mcap":
            from edge.sources.recorded import open_recorded

            sources = open_recorded(path)
            several = len(sources) > 1
            # A walk through the file has no shortcut, so each camera is one piece; recordings of ours are short.
            cameras = [Camera(one.name if several else None, one.frame_count or 0, one.fps, ()) for one in sources]
            return Survey(digest, tuple(cameras), None)
        with VideoSource(path) as video:
            frames, starts = _key_frames(path, piece_s)
            return Survey(digest, (Camera(None, frames, video.fps, starts),), video_start_ns(path))
    except SourceError as error:
        return Survey(digest, (), None, str(error))


def _hash_of(files: Iterable[Path], *, named: bool) -> str:
    digest = hashlib.sha256()
    for file in files:
        if named:
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode(errors="surrogateescape"))
        with file.open("rb") as content:
            while block := content.read(BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def _key_frames(path: Path, piece_s: float) -> tuple[int, tuple[Anchor, ...]]:
    """How many frames a video has, and where its pieces begin."""
    quiet_opencv()
    packets = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    times: list[float] = []
    keys: list[float] = []
    try:
        while packets.grab():
            time_s = packets.get(cv2.CAP_PROP_POS_MSEC) / 1000
            times.append(time_s)
            if packets.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME):
                keys.append(time_s)
    finally:
        packets.release()
    times.sort()  # packets come in the order of decoding
    numbers = {time_s: number for number, time_s in enumerate(times)}
    if len(numbers) < len(times):  # frames of the same time can't be told apart
        return len(times), ()
    last_s = times[-1] if times else 0.0
    anchors = [Anchor(numbers[time_s], time_s) for time_s in sorted(keys)]
    return len(times), _starts([*anchors, Anchor(len(times), last_s)], piece_s)


def _starts(anchors: list[Anchor], piece_s: float) -> tuple[Anchor, ...]:
    """Those of anchors, in order, at which a piece begins; the last one ends the recording."""
    starts: list[Anchor] = []
    begun_s = anchors[0].time_s if anchors else 0.0
    for anchor, _ in pairwise(anchors):
        whole, enough = anchor.time_s - begun_s >= piece_s, anchors[-1].time_s - anchor.time_s >= LEAST_SHARE * piece_s
        if whole and enough:
            starts.append(anchor)
            begun_s = anchor.time_s
    return tuple(starts)
