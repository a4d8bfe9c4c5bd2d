"""`signwatch bench soak`: a live run whose camera dies again and again, for as long as one likes."""

import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click

from edge.cli.bench_stream import draw_pictures, end, running, serving
from edge.cli.live_options import Size
from edge.cli.options import json_option
from edge.errors import WireError
from edge.machine import machine_facts, machine_line, versions
from edge.messages import FrameMessage
from edge.progress import progress_bar
from edge.subscriber import SignSubscriber

NAME = "camera"
SETTLED_S = 300.0
"""Caches, pools and arenas have their size by then; of a shorter run it is the first half."""
LEAST_CYCLES = 4
PATIENCE_S = 60.0
END_S = 20.0
READING_MS = 500.0
"""Between reading one clock and the other a busy machine may do something else."""
COUNTS = re.compile(r": (\d+) frames captured, (\d+) frames published, (\d+) dropped")


@dataclass(frozen=True, slots=True)
class Weight:
    """What the run held at a moment when its camera was there."""

    at_s: float
    resident_mib: float
    threads: int
    descriptors: int


class Listener:
    """Takes in the run's messages and looks at their times.

    Attributes:
        wrong_times: Frames of the future, or of a time before the frame before them.
    """

    def __init__(self, subscriber: SignSubscriber) -> None:
        self.wrong_times = 0
        self._subscriber = subscriber
        self._captured_ns = 0

    def listen(self, seconds: float) -> Iterator[int]:
        """When each frame was captured that is told of within so many seconds, by the monotonic clock in ns."""
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            message = self._subscriber.receive(left_s)
            if message is not None:
                yield self._look(message)

    def _look(self, message: FrameMessage) -> int:
        now_ns = time.time_ns()
        waited_ms = (message.published_ns - message.captured_ns) / 1e6
        is_late = abs(waited_ms - message.latency_ms.total) > READING_MS
        if is_late or not self._captured_ns <= message.captured_ns <= message.published_ns <= now_ns:
            self.wrong_times += 1
        self._captured_ns = message.captured_ns
        assert message.monotonic_ns is not None, "the publisher is of this version"
        return message.monotonic_ns - round(message.latency_ms.total * 1e6)


@click.command("soak")
@click.option("--seconds", type=click.FloatRange(1, 604_800), default=1800.0, show_default=True, help="In all.")
@click.option("--every", "every_s", type=click.FloatRange(1), default=60.0, show_default=True, help="The camera dies.")
@click.option("--down", "down_s", type=click.FloatRange(0), default=1.0, show_default=True, help="It is away so long.")
@click.option("--fps", type=click.FloatRange(1, 240), default=30.0, show_default=True, help="Of the camera.")
@click.option("--size", type=Size(), default="1280x720", show_default=True, help="Of the camera.")
@json_option
def command(seconds: float, every_s: float, down_s: float, fps: float, size: tuple[int, int], as_json: bool) -> None:
    """Weigh a live run whose camera is killed and comes back again and again.

    A server sends the sample drive as Motion JPEG over HTTP and is killed and started again; `signwatch run` reads and
    publishes it; this process subscribes. Memory, threads and descriptors of the run are looked at before each death.
    """
    if seconds < LEAST_CYCLES * (every_s + down_s):
        raise click.UsageError(f"--seconds has to be at least {LEAST_CYCLES} times --every and --down together")
    with TemporaryDirectory() as folder:
        draw_pictures(Path(folder), size, fps)
        facts = _soak(Path(folder), fps, seconds, every_s, down_s)
    facts |= {"seconds": seconds, "every_s": every_s, "fps": fps, "size": list(size), "machine": machine_facts()}
    facts["versions"] = versions()
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print_facts(facts)


def _soak(pictures: Path, fps: float, seconds: float, every_s: float, down_s: float) -> dict[str, Any]:
    weights: list[Weight] = []
    returns_s: list[float] = []
    with ExitStack() as camera, ExitStack() as run_and_subscriber:
        port = camera.enter_context(serving(pictures, fps))
        stream = f"http://127.0.0.1:{port}/cam.mjpg"
        run, address = run_and_subscriber.enter_context(running(stream, "--name", NAME))
        subscriber = run_and_subscriber.enter_context(SignSubscriber(address))
        listener = Listener(subscriber)
        _await_frame_since(listener, 0)
        begun_s = time.monotonic()
        with progress_bar("soaking", round(seconds)) as report:
            while True:
                for _ in listener.listen(every_s):
                    pass
                weights.append(_weigh(run.pid, time.monotonic() - begun_s))
                report(round(min(weights[-1].at_s, seconds)), round(seconds))
                if weights[-1].at_s >= seconds:
                    break
                camera.close()
                for _ in listener.listen(down_s):
                    pass
                camera.enter_context(serving(pictures, fps, port))
                returns_s.append(_await_frame_since(listener, time.monotonic_ns()))
        health = subscriber.health.get(NAME)
        missed = subscriber.missed
        counts = COUNTS.search(end(run, END_S))
    if counts is None or health is None:
        raise WireError("`signwatch run` gave no counts")
    captured, published, dropped = map(int, counts.groups())
    return _summary(weights, min(SETTLED_S, seconds / 2)) | {
        "reconnections": len(returns_s),
        "openings": health.openings,
        "return_s": {"median": round(median(returns_s), 3), "most": round(max(returns_s), 3)},
        "captured": captured,
        "published": published,
        "dropped": dropped,
        "missed": missed,
        "wrong_times": listener.wrong_times,
    }


def _await_frame_since(listener: Listener, since_ns: int) -> float:
    """Seconds until a frame is told of that was captured since then. Raises WireError where none is in time."""
    begun_s = time.monotonic()
    if not any(captured_ns > since_ns for captured_ns in listener.listen(PATIENCE_S)):
        raise WireError(f"nothing was published within {PATIENCE_S:g} s of the camera's return")
    return time.monotonic() - begun_s


def _weigh(pid: int, at_s: float) -> Weight:
    process = Path("/proc") / str(pid)
    pages = int((process / "statm").read_text().split()[1])
    threads, descriptors = (sum(1 for _ in (process / kind).iterdir()) for kind in ("task", "fd"))
    return Weight(at_s, pages * os.sysconf("SC_PAGE_SIZE") / 2**20, threads, descriptors)


def _summary(weights: list[Weight], settled_s: float) -> dict[str, Any]:
    """The first weight from `settled_s` on, and the most and the last from there."""
    settled = [weight for weight in weights if weight.at_s >= settled_s]
    resident_mib = _course([round(weight.resident_mib, 1) for weight in settled])
    return {
        "settled_s": round(settled_s, 1),
        "resident_mib": resident_mib,
        "resident_growth_percent": round(100 * (resident_mib["most"] / resident_mib["settled"] - 1), 2),
        "threads": _course([weight.threads for weight in settled]),
        "descriptors": _course([weight.descriptors for weight in settled]),
    }


def _course(values: Sequence[float]) -> dict[str, float]:
    return {"settled": values[0], "most": max(values), "last": values[-1]}


def _print_facts(facts: dict[str, Any]) -> None:
    memory, threads, descriptors = facts["resident_mib"], facts["threads"], facts["descriptors"]
    click.echo(
        f"{facts['reconnections']} times the camera died; frames were back after {facts['return_s']['median']:.2f} s "
        f"at the median, {facts['return_s']['most']:.2f} s at most"
    )
    click.echo(
        f"from {facts['settled_s']:.0f} s on: {memory['settled']:.1f} MiB resident, then {memory['most']:.1f} at most "
        f"(+{facts['resident_growth_percent']:.2f} %); {threads['settled']} threads, then {threads['most']}; "
        f"{descriptors['settled']} descriptors, then {descriptors['most']}"
    )
    click.echo(
        f"{facts['captured']} frames captured, {facts['published']} published, {facts['dropped']} dropped, "
        f"{facts['missed']} missed by the subscriber, {facts['wrong_times']} with a wrong time"
    )
    width, height = facts["size"]
    click.echo(f"{width}x{height} at {facts['fps']:g} frames/s; {machine_line(facts)}")
