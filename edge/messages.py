"""The wire message of one processed frame, `signwatch.frame/1`, and its JSON form.

Fields are added at the end and never change their meaning; what would break a reader takes a
new schema number. So a reader accepts fields that it doesn't know.
"""

from math import isfinite
from typing import Annotated, Final, Literal

import msgspec

from edge.errors import MessageError

FRAME_SCHEMA: Final = "signwatch.frame/1"
FRAME_TOPIC = b"frame"

MAX_MESSAGE_BYTES = 2**20
"""A frame with a thousand signs takes a third of it; anything larger is no message of ours."""

# Upper bounds keep every whole number within 64 bits, which readers in other languages use.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Sign(msgspec.Struct, frozen=True):
    """One sign in one frame."""

    track: Count
    """Number of the physical sign, the same in every frame of a session."""
    state: Literal["tentative", "confirmed"]
    """`tentative` until the tracker is sure, then `confirmed`."""
    class_id: Count
    """Class id in the catalogue of the weights in use; with those of the package, the class in GTSRB, 0 to 42."""
    code: str
    """The country's own number for the sign; with the weights of the package, the one in the German road traffic
    regulations (StVO), such as `274-50`."""
    name: str
    """Name in the catalogue; with the weights of the package, the English one of the benchmark."""
    category: str
    """Family, such as `prohibitory` or `danger`; more of them may come, so take an unknown one for `other`."""
    value: Count | float | None
    """The number on the sign where it has one, in `unit`."""
    unit: str | None
    """Unit of `value`, such as `km/h`."""
    confidence: Score
    """How sure the reading is, 0 to 1."""
    box: tuple[float, float, float, float]
    """x, y, width, height in px of the frame as read; x to the right and y down."""
    hits: Count
    """Frames in which the track was seen so far."""
    age: Count
    """Frames since the track began, this one included."""
    measured: bool
    """True where the sign was seen in this very frame, False where its place is predicted."""
    bearing_deg: float | None = None
    """Direction from the camera's axis in degrees, positive to the right; None if unknown."""
    distance_m: float | None = None
    """Distance from the camera in metres; None if unknown."""

    def __post_init__(self) -> None:
        """Refuse what JSON can't carry.

        Raises:
            ValueError: For a number that is not finite; it would arrive as null.
        """
        _check_finite(*self.box, self.confidence, self.value, self.bearing_deg, self.distance_m)


class Latency(msgspec.Struct, frozen=True):
    """Where a frame's time went, each in milliseconds."""

    candidates: Milliseconds
    """Finding regions that could be signs."""
    classify: Milliseconds
    """Cropping them and asking the classifier."""
    total: Milliseconds
    """From the capture of the frame to its message."""

    def __post_init__(self) -> None:
        """Refuse what JSON can't carry.

        Raises:
            ValueError: For a time that is not finite.
        """
        _check_finite(self.candidates, self.classify, self.total)


class FrameMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen in one frame; sent for every processed frame, also where it holds no sign."""

    schema: Literal["signwatch.frame/1"] = FRAME_SCHEMA
    """What this message is, and in which version."""
    source: str
    """Name of the camera or recording."""
    session: str
    """Changes whenever the publisher starts anew; `seq` and tracks count within it."""
    seq: Count
    """Number of this message within the session, from 0 and without gaps."""
    frame: Count
    """Number of the frame within its source, from 0; dropped frames are counted in."""
    file: str | None
    """Name of the picture where the source is a folder, else None."""
    captured_ns: Count
    """UNIX time in nanoseconds at which the frame was captured."""
    published_ns: Count
    """UNIX time in nanoseconds at which this message was made."""
    media_s: float | None
    """Seconds from the beginning of a recording; None for live sources and pictures."""
    size: tuple[Pixels, Pixels]
    """Width and height of the frame in px."""
    dropped: Count
    """Frames that this session dropped so far because it was late."""
    degraded: tuple[str, ...]
    """What is not as it should be, a word each; empty when all is well."""
    latency_ms: Latency
    """Where the time went."""
    signs: tuple[Sign, ...]
    """Every sign that the tracker follows, in no particular order."""


class _Envelope(msgspec.Struct):
    schema: str


_encoder = msgspec.json.Encoder()
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_decoder = msgspec.json.Decoder(FrameMessage)


def encode(message: FrameMessage) -> bytes:
    """Give a message's payload: one line of UTF-8 JSON, without a line break."""
    return _encoder.encode(message)


def decode(payload: bytes) -> FrameMessage:
    """Read a payload that anybody may have sent.

    Raises:
        MessageError: For anything that is not a whole message of a schema known here.
    """
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageError(f"a message of {len(payload)} bytes is too large")
    try:
        # The schema comes first, because a message of another one is no damaged message of ours.
        schema = _envelope_decoder.decode(payload).schema
        if schema != FRAME_SCHEMA:
            raise MessageError(f"a message of schema {schema!r} can't be read, only {FRAME_SCHEMA}")
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MessageError(f"not a message of {FRAME_SCHEMA}: {error}") from error


def _check_finite(*numbers: float | None) -> None:
    """Refuse NaN and infinity: they would arrive as null."""
    if not all(number is None or isfinite(number) for number in numbers):
        raise ValueError(f"a message's numbers must be finite, not {numbers}")
