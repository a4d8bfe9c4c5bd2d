from collections.abc import Sequence

import msgspec
import numpy as np

from detector.candidates import Candidates
from edge.budget import LEVELS, Effort
from edge.frame import Frame
from edge.loop import process
from edge.messages import FrameMessage
from edge.outputs import Outputs
from edge.publisher import SignPublisher
from edge.reader import Found, SignReader
from edge.seeing import Light
from edge.sources import CapturedSource, PatternSource
from edge.state_message import StateMessage
from edge.subscriber import SignSubscriber
from tests.edge.in_force.road import AT_THE_EDGE, sign
from tests.edge.messages import MESSAGE
from tests.waiting import PATIENCE_S

NONE = Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32))


class PastALimit(SignReader):
    """Sees a limit in frames 0 to 9, which leaves the picture then."""

    def __init__(self) -> None:
        self.session = "a1b2"
        self.insight = None

    def find(self, frame: Frame, *, degraded: Sequence[str] = (), effort: Effort = LEVELS[0]) -> Found:
        return Found(frame, effort, (), Light((), None), None, (NONE, 0.0))

    def name(self, found: Found, *, dropped: int = 0) -> FrameMessage:
        frame = found.frame
        seen = sign("274-50", 1) if frame.number < 9 else sign("274-50", 1, box=AT_THE_EDGE)
        return msgspec.structs.replace(
            MESSAGE,
            source="pattern",
            seq=frame.number,
            frame=frame.number,
            media_s=frame.media_s,
            signs=(seen,) if frame.number < 10 else (),
        )


def test_a_recording_that_is_published_tells_what_is_in_force_in_its_own_time() -> None:
    with (
        SignPublisher("tcp://127.0.0.1:*", lossless=True) as publisher,
        SignSubscriber(publisher.address, topics=(b"state",)) as subscriber,
        CapturedSource(PatternSource((32, 32), 1, 40)) as source,
    ):
        assert publisher.wait_for_subscriber(PATIENCE_S, b"state")
        assert process(source, PastALimit(), Outputs(), publisher).frames == 40
        told: list[StateMessage] = []
        while not told or told[-1].state.speed_limit.value is None:
            received = subscriber.receive_with_payload(PATIENCE_S)
            assert received is not None and isinstance(received[0], StateMessage)
            told.append(received[0])
    assert [message.seq for message in told] == list(range(len(told)))
    assert told[0].state.speed_limit.why == "nothing-seen"
    assert (told[-1].state.speed_limit.value, told[-1].frame) == (50, 10)
