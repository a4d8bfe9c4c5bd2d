"""A publisher of a road as a process of its own: run it, read its address, write it lines such as `pass 274-50`.

`see CODE` shows a sign from now on, `pass CODE` lets it leave the picture. It publishes as `signwatch run` does, with
the signs made up instead of read.
"""

import sys
import threading
import time

import msgspec

from edge.messages import FrameMessage, Sign
from edge.publisher import SignPublisher
from edge.state_feed import StateFeed, publish_state
from tests.edge.in_force.road import AT_THE_EDGE, Drive, sign

FRAME_S = 0.04


def main() -> None:
    orders: list[str] = []
    threading.Thread(target=lambda: orders.extend(sys.stdin), daemon=True).start()  # a list may grow while it is read
    drive, done, track = Drive(session=str(time.time_ns())), 0, 0
    seen: Sign | None = None
    states = StateFeed("front", drive.session)
    with SignPublisher(sys.argv[1]) as publisher:
        print(publisher.address, flush=True)
        while True:
            shown = [seen] if seen is not None else []
            if done < len(orders):
                what, code = orders[done].split()
                done += 1
                if what == "see":
                    track += 1
                    seen = sign(code, track)
                else:
                    assert seen is not None
                    shown = [msgspec.structs.replace(seen, box=AT_THE_EDGE)]
                    seen = None
            drive.now_s = time.monotonic()
            drive.frame += 1
            publisher.publish(_stamped(drive.message(*shown)))
            publish_state(publisher, states.update(drive.message(*shown), drive.now_s, time.monotonic()))
            time.sleep(FRAME_S)


def _stamped(message: FrameMessage) -> FrameMessage:
    latency = msgspec.structs.replace(message.latency_ms, total=1.0)
    return msgspec.structs.replace(
        message, seq=message.frame, monotonic_ns=time.monotonic_ns(), latency_ms=latency, published_ns=time.time_ns()
    )


if __name__ == "__main__":
    main()
