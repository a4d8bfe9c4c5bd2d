"""Messages as tests of several modules send them."""

import time

import msgspec

from edge.messages import (
    FRAME_TOPIC,
    HEALTH_TOPIC,
    INFO_TOPIC,
    SIGN_TOPIC,
    STATE_TOPIC,
    FrameMessage,
    HealthMessage,
    InfoMessage,
    KnownSign,
    Latency,
    Message,
    Sign,
    SignMessage,
    Thresholds,
)
from edge.state_message import ComingSign, DriveState, Origin, Rule, StateMessage, unknown_rule

SIGN = Sign(
    track=17,
    state="confirmed",
    class_id=2,
    code="274-50",
    name="Speed limit (50km/h)",
    category="prohibitory",
    value=50,
    unit="km/h",
    confidence=0.997,
    box=(774.0, 411.0, 41.0, 35.0),
    hits=9,
    age=10,
    measured=True,
    rules=("speed-limit",),
)

MESSAGE = FrameMessage(
    source="front",
    session="a1b2",
    seq=812,
    frame=811,
    file=None,
    captured_ns=1_764_000_000_000_000_000,
    published_ns=1_764_000_000_010_200_000,
    media_s=27.033,
    size=(1360, 800),
    dropped=0,
    degraded=(),
    latency_ms=Latency(candidates=6.1, classify=3.4, total=10.2),
    signs=(SIGN,),
    monotonic_ns=7_000_010_200_000,
)

EVENT = SignMessage(
    source="front",
    session="a1b2",
    seq=3,
    event="new",
    frame=811,
    captured_ns=1_764_000_000_000_000_000,
    published_ns=1_764_000_000_010_200_000,
    monotonic_ns=7_000_010_200_000,
    sign=SIGN,
)

HEALTH = HealthMessage(
    source="front",
    session="a1b2",
    seq=5,
    published_ns=1_764_000_000_010_200_000,
    monotonic_ns=7_000_010_200_000,
    state="fault",
    fault="front gives no pictures any more",
    captured=900,
    published=890,
    dropped=10,
    openings=2,
    faults=7,
    frame_age_ms=2100.5,
    fps=0.0,
    degraded=("half-size",),
    subscribers=1,
    refused=0,
)

INFO = InfoMessage(
    source="front",
    session="a1b2",
    seq=0,
    published_ns=1_764_000_000_010_200_000,
    monotonic_ns=7_000_010_200_000,
    version="0.1.0",
    given="1280x720 at 30 frames/s, MJPG",
    backend="litert-int8",
    catalogue="0123456789ab",
    max_latency_ms=60.0,
    thresholds=Thresholds(0.75, 5, 0.95, 0.98),
    signs=(KnownSign(2, "274-50", "Speed limit (50km/h)", "prohibitory", 50, "km/h"),),
)

STATE = StateMessage(
    source="front",
    session="a1b2",
    seq=9,
    published_ns=1_764_000_000_010_200_000,
    monotonic_ns=7_000_010_200_000,
    frame=811,
    stream="ok",
    frame_age_ms=10.2,
    state=DriveState(
        Rule(
            "in-force", None, 50, "km/h", "lowered", 0.997, 1_764_000_000_000_000_000, 3.2,
            Origin(17, 2, "274-50", "Speed limit (50km/h)"),
        ),
        unknown_rule("nothing-seen"),
        unknown_rule("too-old"),
        unknown_rule("stream-dead"),
        (ComingSign(19, 14, "206", "Stop", ("stop",), False, None, None, "ahead", 0.998, True, 31.5, 0.0),),
    ),
)  # fmt: skip

ONE_OF_EACH: dict[bytes, Message] = {
    FRAME_TOPIC: MESSAGE,
    SIGN_TOPIC: EVENT,
    HEALTH_TOPIC: HEALTH,
    INFO_TOPIC: INFO,
    STATE_TOPIC: STATE,
}


def numbered(seq: int, session: str = "a1b2") -> FrameMessage:
    """The message with another number or session."""
    return msgspec.structs.replace(MESSAGE, seq=seq, session=session)


def fresh(seq: int, *, source: str = "front", age_ms: float = 1.0, session: str = "a1b2") -> FrameMessage:
    """A message of a frame that was captured so long ago."""
    latency = msgspec.structs.replace(MESSAGE.latency_ms, total=age_ms)
    return msgspec.structs.replace(
        numbered(seq, session), source=source, monotonic_ns=time.monotonic_ns(), latency_ms=latency
    )
