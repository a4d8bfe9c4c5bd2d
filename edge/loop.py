"""The frame loop for recordings: every frame, in order, to every output, while one thread decodes ahead and another
finds ahead.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edge.ahead import read_ahead
from edge.errors import SourceError
from edge.messages import FrameMessage
from edge.outputs import Outputs
from edge.progress import progress_bar
from edge.publisher import SignPublisher
from edge.reader import SignReader
from edge.sources import CapturedSource
from edge.state_feed import StateFeed, publish_state


@dataclass(frozen=True, slots=True)
class Processed:
    """What came of one recording."""

    frames: int
    confirmed: int
    """Physical signs that were confirmed."""
    fault: SourceError | None
    """Why it ended early; what came before is good and has been written."""


def process(
    source: CapturedSource,
    signs: SignReader,
    outputs: Outputs,
    publisher: SignPublisher | None = None,
    also: Callable[[FrameMessage], None] | None = None,
) -> Processed:
    """Take a recording through the pipeline to its end, with a progress bar.

    A source that breaks off is no exception here, so that the outputs are closed whole; it is in the result. `also` is
    handed each message too. Raises SinkError and WireError where an output can't be written.
    """
    confirmed: set[int] = set()
    states = StateFeed(source.name, signs.session)
    frames = 0
    fault: SourceError | None = None
    with progress_bar(source.name, source.frame_count) as report:
        read = read_ahead(source.frames(), signs)
        while True:
            try:
                frame, message = next(read, (None, None))
            except SourceError as error:
                fault = error
                break
            if frame is None or message is None:
                break
            outputs.write(frame.image, message, source.fps, signs.insight)
            if publisher is not None:
                publisher.publish(message)
                if message.media_s is not None:  # pictures have no time, so that nothing lasts
                    publish_state(publisher, states.update(message, message.media_s, message.media_s))
            if also is not None:
                also(message)
            confirmed.update(sign.track for sign in message.signs if sign.state == "confirmed")
            frames += 1
            report(frames, source.frame_count or 0)
    return Processed(frames, len(confirmed), fault)
