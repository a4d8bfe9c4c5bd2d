"""What the sample drive's signs were when somebody last looked at them and found them right.

Where a change is meant to read something else, `python -m tests.edge.expectation` says what differs and writes it down
anew; the difference belongs in the commit, to be looked at.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from edge.frame_reader import open_reader
from edge.loop import process
from edge.messages import FrameMessage, Latency, encode
from edge.outputs import Outputs
from edge.reader import SignReader
from edge.run_comparison import RunComparison, messages_before
from edge.sample_drive import SampleDrive, write_drive
from edge.sources import CapturedSource, open_source

EXPECTED = Path(__file__).with_name("expected") / "drive.jsonl"
FRAMES = 50
BOX_TOLERANCE_PX = 3.0
"""Other processors compute the last digits differently."""


def read_drive() -> list[FrameMessage]:
    """Draw the drive, and read it."""
    messages: list[FrameMessage] = []
    reader = open_reader()
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "drive.mp4"
            write_drive(path, Path(folder) / "truth.jsonl", SampleDrive(7, size=(640, 360), seconds=FRAMES / 25))
            with CapturedSource(open_source(str(path))) as source, Outputs() as outputs:
                process(source, SignReader(reader, source.name), outputs, also=messages.append)
    finally:
        reader.close()
    return messages


def compared(messages: list[FrameMessage]) -> RunComparison:
    """The same against what is written down."""
    comparison = RunComparison(messages_before(EXPECTED, print), BOX_TOLERANCE_PX)
    for message in messages:
        comparison.take(message)
    return comparison


def _lasting(message: FrameMessage) -> FrameMessage:
    """What another run has too: no times, and of the signs those that are compared."""
    return msgspec.structs.replace(
        message,
        session="",
        captured_ns=0,
        published_ns=0,
        monotonic_ns=None,
        latency_ms=Latency(0, 0, 0),
        signs=tuple(sign for sign in message.signs if sign.state == "confirmed"),
    )


if __name__ == "__main__":
    read = read_drive()
    if EXPECTED.exists():
        facts = compared(read).facts()
        print({name: value for name, value in facts.items() if name != "differences"}, *facts["differences"], sep="\n")
    EXPECTED.write_bytes(b"".join(encode(_lasting(message)) + b"\n" for message in read))
