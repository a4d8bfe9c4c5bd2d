"""A message as tests of several modules send it."""

import msgspec

from edge.messages import FrameMessage, Latency, Sign

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
)


def numbered(seq: int, session: str = "a1b2") -> FrameMessage:
    """The message with another number or session."""
    return msgspec.structs.replace(MESSAGE, seq=seq, session=session)
