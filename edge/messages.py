"""The messages of the wire, and their JSON form.

========  ======================================================================
`frame`   one for every processed frame
`sign`    a track's life: new, changed, ended
`health`  how the publisher is, once a second
`info`    what it is: catalogue, network, thresholds
`state`   which rules are in force, and which signs are ahead (`edge.state_message`)
========  ======================================================================

Fields are added at the end, with a default, and never change their meaning; what would break a
reader takes a new schema number. So a reader accepts fields that it doesn't know, and does
without those that an older publisher doesn't send.
"""

from typing import Final, Literal

import msgspec

from edge.errors import MessageError
from edge.message_types import Count, Degrees, Metres, Milliseconds, Pixels, Score, Seconds, check_finite
from edge.state_message import STATE_SCHEMA, StateMessage

FRAME_SCHEMA: Final = "signwatch.frame/1"
SIGN_SCHEMA: Final = "signwatch.sign/1"
HEALTH_SCHEMA: Final = "signwatch.health/1"
INFO_SCHEMA: Final = "signwatch.info/1"

FRAME_TOPIC = b"frame"
SIGN_TOPIC = b"sign"
HEALTH_TOPIC = b"health"
INFO_TOPIC = b"info"
STATE_TOPIC = b"state"
HEALTH_INTERVAL_S = 1.0

REPLAY_SESSION = "replay-"
"""Begins the session of every message that is no news: a recording is being played."""
REPLAY = "replay"
"""In `degraded`: the same, for readers that don't look at sessions."""
NOT_RECORDING = "recording"
"""In health's `degraded`: what should be recorded is not."""

MAX_MESSAGE_BYTES = 2**20
"""A frame with a thousand signs takes a third of it; anything larger is no message of ours."""


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
    rules: tuple[str, ...] = ()
    """Rules that it begins or, in category `end`, those that it ends: `speed-limit`, `no-passing`, `no-passing-heavy`,
    `priority-road`, `right-of-way`, `yield`, `stop`; more of them may come. Empty for signs that are about none."""
    bearing_std_deg: Degrees | None = None
    """Standard deviation of `bearing_deg`, in degrees; None where that is unknown."""
    distance_std_m: Metres | None = None
    """Standard deviation of `distance_m`, in metres, with the sizes that such a sign may have in it; None where that is
    unknown."""
    ttc_s: Seconds | None = None
    """Time to contact: seconds until the camera is level with the sign at the present speed, by how fast it grows;
    None where it isn't clear that it is neared, or in more than a minute. It needs no size."""
    place_m: tuple[float, float, float] | None = None
    """Forward, left and up from the point of the road below the camera, in metres along the vehicle's axes (ISO 8855);
    None where the camera's mounting isn't known, or no longer holds."""

    def __post_init__(self) -> None:
        """Refuse what JSON can't carry.

        Raises:
            ValueError: For a number that is not finite; it would arrive as null.
        """
        check_finite(*self.box, self.confidence, self.value, self.bearing_deg, self.distance_m)
        check_finite(self.bearing_std_deg, self.distance_std_m, self.ttc_s, *(self.place_m or ()))


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
        check_finite(self.candidates, self.classify, self.total)


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
    monotonic_ns: Count | None = None
    """The publisher's monotonic clock at `published_ns`, in nanoseconds; no clock adjustment moves it, and only
    differences within a session mean anything. `latency_ms.total` before it, the frame was captured."""


class SignMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A step in the life of one sign's track.

    A new subscriber gets the signs that are there now, as their last event with the present `sign`, so an event may
    come again with its old `seq`.
    """

    schema: Literal["signwatch.sign/1"] = SIGN_SCHEMA
    """What this message is, and in which version."""
    source: str
    """Name of the camera or recording."""
    session: str
    """Changes whenever the publisher starts anew; `seq` and tracks count within it."""
    seq: Count
    """Number of this event within the session and topic, from 0 and without gaps."""
    event: Literal["new", "changed", "ended"]
    """`new` with the first frame of a track; `changed` where its state or reading is another one; `ended` when it is
    followed no more."""
    frame: Count
    """Number of the frame that `sign` is of."""
    captured_ns: Count
    """UNIX time in nanoseconds at which that frame was captured."""
    published_ns: Count
    """UNIX time in nanoseconds at which this message was made."""
    monotonic_ns: Count
    """The publisher's monotonic clock at `published_ns`, in nanoseconds."""
    sign: Sign
    """The sign as it is now, or as it was last."""


class HealthMessage(msgspec.Struct, frozen=True, kw_only=True):
    """How the publisher of one source is; sent once a second, whether or not there are frames."""

    schema: Literal["signwatch.health/1"] = HEALTH_SCHEMA
    """What this message is, and in which version."""
    source: str
    """Name of the camera or recording."""
    session: str
    """Changes whenever the publisher starts anew."""
    seq: Count
    """Number of this message within the session and topic, from 0 and without gaps."""
    published_ns: Count
    """UNIX time in nanoseconds at which this message was made."""
    monotonic_ns: Count
    """The publisher's monotonic clock at `published_ns`, in nanoseconds."""
    state: Literal["ok", "degraded", "fault", "stopped"]
    """`ok`; `degraded` where frames are published but `degraded` says something; `fault` where none are; `stopped` in
    the last message before it ends."""
    fault: str | None
    """Why there are no frames, in one line for people."""
    captured: Count
    """Frames that the source gave so far: `published`, `dropped`, and those on their way."""
    published: Count
    """Frames that a message was sent for."""
    dropped: Count
    """Frames that were given up because they were late, stale or left out."""
    openings: Count
    """Times that the source was opened, the first one included."""
    faults: Count
    """Times that it could not be opened, failed or fell silent."""
    frame_age_ms: Milliseconds | None
    """Age of the newest frame that was published, from its capture; null before the first."""
    fps: Milliseconds
    """Frames published in the last second."""
    degraded: tuple[str, ...]
    """What is not as it should be, as in the last frame's message; also `recording` where what should be recorded is
    not."""
    subscribers: Count
    """Subscriptions to topic `frame`."""
    refused: Count
    """Connections that were refused so far: wrong or missing keys, or no ZeroMQ at all."""
    recorded: Count | None = None
    """Messages and pictures of all sources that were recorded and are on the disk; null where nothing is recorded."""
    unrecorded: Count | None = None
    """Those that should be and are not, because the disk is full or too slow."""


class KnownSign(msgspec.Struct, frozen=True):
    """A sign of the catalogue in use."""

    class_id: Count
    """As in `Sign`."""
    code: str
    """As in `Sign`."""
    name: str
    """As in `Sign`."""
    category: str
    """As in `Sign`."""
    value: Count | float | None
    """As in `Sign`."""
    unit: str | None
    """As in `Sign`."""
    rules: tuple[str, ...] = ()
    """As in `Sign`."""


class Thresholds(msgspec.Struct, frozen=True):
    """What has to be reached before a sign counts."""

    reading: Score
    """Confidence of a single frame's reading that may begin a track."""
    confirming_hits: Count
    """Frames in which a track must have been seen before it is confirmed."""
    confirming_posterior: Score
    """Probability that it is a sign of its class, given all its frames, that it must have reached."""
    confirming_existence: Score
    """Probability that it is a sign at all, given all its frames, likewise."""


class InfoMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What publishes; sent at the start, when something in it changes, and to each new subscriber."""

    schema: Literal["signwatch.info/1"] = INFO_SCHEMA
    """What this message is, and in which version."""
    source: str
    """Name of the camera or recording."""
    session: str
    """Changes whenever the publisher starts anew."""
    seq: Count
    """Number of this message within the session and topic, from 0 and without gaps."""
    published_ns: Count
    """UNIX time in nanoseconds at which this message was made."""
    monotonic_ns: Count
    """The publisher's monotonic clock at `published_ns`, in nanoseconds."""
    version: str
    """Of Signwatch."""
    given: str | None
    """What a camera or stream really gives, for people; null until it was opened, and for recordings."""
    backend: str
    """What runs the network."""
    catalogue: str
    """Digest of the catalogue of signs: another one has other classes."""
    max_latency_ms: Milliseconds | None
    """Budget per frame; null for none."""
    thresholds: Thresholds
    """What has to be reached before a sign counts."""
    signs: tuple[KnownSign, ...]
    """Every sign that can be told, by class id."""


Message = FrameMessage | SignMessage | HealthMessage | InfoMessage | StateMessage

MESSAGES: Final[dict[bytes, type[Message]]] = {
    FRAME_TOPIC: FrameMessage,
    SIGN_TOPIC: SignMessage,
    HEALTH_TOPIC: HealthMessage,
    INFO_TOPIC: InfoMessage,
    STATE_TOPIC: StateMessage,
}
"""What goes under each topic."""
SCHEMAS: Final = {
    FRAME_TOPIC: FRAME_SCHEMA,
    SIGN_TOPIC: SIGN_SCHEMA,
    HEALTH_TOPIC: HEALTH_SCHEMA,
    INFO_TOPIC: INFO_SCHEMA,
    STATE_TOPIC: STATE_SCHEMA,
}


class _Envelope(msgspec.Struct):
    schema: str


_encoder = msgspec.json.Encoder()
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_decoders = {topic: msgspec.json.Decoder(message) for topic, message in MESSAGES.items()}


def encode(message: Message) -> bytes:
    """Give a message's payload: one line of UTF-8 JSON, without a line break."""
    return _encoder.encode(message)


def decode(payload: bytes) -> FrameMessage:
    """Read the payload of a frame's message that anybody may have sent.

    Raises:
        MessageError: For anything that is not a whole message of a schema known here.
    """
    message = decode_topic(FRAME_TOPIC, payload)
    assert isinstance(message, FrameMessage)
    return message


def decode_topic(topic: bytes, payload: bytes) -> Message:
    """Read the payload of any topic that anybody may have sent.

    Raises:
        MessageError: For an unknown topic, and anything that is not a whole message of its schema.
    """
    if topic not in SCHEMAS:
        raise MessageError(f"{topic[:20]!r} is no topic")
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageError(f"a message of {len(payload)} bytes is too large")
    known = SCHEMAS[topic]
    try:
        # The schema comes first, because a message of another one is no damaged message of ours.
        schema = _envelope_decoder.decode(payload).schema
        if schema != known:
            raise MessageError(f"a message of schema {schema!r} can't be read, only {known}")
        return _decoders[topic].decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MessageError(f"not a message of {known}: {error}") from error
