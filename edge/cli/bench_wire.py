"""`signwatch bench wire`: messages to a second process, ours beside plain JSON and beside sending pictures."""

import json
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from statistics import median
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from edge.benchmarks.wire import (
    JPEG,
    OURS,
    RAW,
    WARM_UP,
    WAYS,
    ImageSender,
    JsonSender,
    OurSender,
    Sender,
    example,
    numbered,
)
from edge.cli.live_options import Size
from edge.cli.options import json_option
from edge.errors import BenchError
from edge.machine import machine_facts, machine_line, versions
from edge.messages import FrameMessage
from edge.progress import progress_bar
from edge.sample_drive import SampleDrive
from edge.timing import shares

MODULE = "edge.benchmarks.wire"
BURST_OF_IMAGES = 25
"""A picture takes a hundred times as long as a message."""
WARM_UP_INTERVAL_S = 0.02
DRIVE_SEED = 7
PACKAGES = ("signwatch", "imagezmq", "msgspec", "numpy", "opencv-python", "pyzmq")


@click.command("wire")
@click.option("--seconds", type=click.FloatRange(0.2, 3600), default=10.0, show_default=True, help="At a steady pace.")
@click.option("--rate", type=click.FloatRange(1, 1000), default=30.0, show_default=True, help="Messages a second then.")
@click.option(
    "--burst", type=click.IntRange(2, 100_000), default=2000, show_default=True, help="Messages at full speed."
)
@click.option("--bursts", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--signs", type=click.IntRange(0, 1000), default=3, show_default=True, help="In each message.")
@click.option("--size", type=Size(), default="1360x800", show_default=True, help="Of the picture, where one is sent.")
@json_option
def command(
    seconds: float, rate: float, burst: int, bursts: int, signs: int, size: tuple[int, int], as_json: bool
) -> None:
    """Time messages of a frame to a process that subscribes: how long each is under way, and how many a second go.

    Beside ours: the same content by pyzmq's send_json, and by imagezmq with the frame's picture, as JPEG and raw. For
    each way a second process receives and parses; the picture isn't decoded there. Latency is from the message in
    memory here to the message in memory there, at a steady pace, all ways in turns. Throughput is of bursts.
    """
    with progress_bar("drawing", 1) as report:
        picture, _ = next(SampleDrive(DRIVE_SEED, size, seconds=1.0).frames())
        report(1, 1)
    ways = [way for way in WAYS if not way.startswith("imagezmq") or find_spec("imagezmq")]
    left_out = {way: "imagezmq isn't installed: pip install 'signwatch[bench]'" for way in WAYS if way not in ways}
    paced = max(2, round(seconds * rate))
    sizes = {way: min(burst, BURST_OF_IMAGES) if way in (JPEG, RAW) else burst for way in ways}
    with ExitStack() as stack:
        lines = {way: stack.enter_context(Line(way, picture, [paced, *[sizes[way]] * bursts])) for way in ways}
        message = example(size, signs)
        rows = _measure(lines, message, paced, rate, bursts, sizes)
    facts = {
        "ways": rows,
        "left_out": left_out,
        "times_messages_per_second": _times(rows),
        "signs": signs,
        "size": list(size),
        "rate": rate,
        "machine": machine_facts(),
        "versions": versions(PACKAGES),
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print_facts(facts)


def _measure(
    lines: "dict[str, Line]", message: FrameMessage, paced: int, rate: float, bursts: int, sizes: dict[str, int]
) -> dict[str, dict[str, float]]:
    for line in lines.values():
        line.warm_up(message)
    with progress_bar("at a steady pace", paced) as report:
        _send_steadily(list(lines.values()), message, paced, rate, report)
    latency = {way: shares(line.told()["ages_ms"]) for way, line in lines.items()}
    per_second: dict[str, list[float]] = {way: [] for way in lines}
    cpu_ms: dict[str, list[float]] = {way: [] for way in lines}
    with progress_bar("at full speed", bursts) as report:
        for done in range(bursts):
            for way, line in lines.items():
                began_s = time.process_time()
                for number in range(1, sizes[way] + 1):
                    line.send(message, number)
                told = line.told()
                cpu_ms[way].append(1e3 * (time.process_time() - began_s) / sizes[way])
                per_second[way].append((sizes[way] - 1) / (told["last_s"] - told["first_s"]))
            report(done + 1, bursts)
    return {
        way: {
            "messages_per_second": round(median(per_second[way]), 1),
            **latency[way],
            "sender_cpu_ms": round(median(cpu_ms[way]), 4),
            "bytes": line.size(message),
        }
        for way, line in lines.items()
    }


def _send_steadily(
    lines: "list[Line]", message: FrameMessage, count: int, rate: float, report: Callable[[int, int], None]
) -> None:
    """So many messages by each way, each at its own moment between two ticks, and each tick another one first."""
    began_s = time.monotonic()
    for number in range(count):
        for place in range(len(lines)):
            due_s = began_s + (number + place / len(lines)) / rate
            time.sleep(max(0.0, due_s - time.monotonic()))
            lines[(place + number) % len(lines)].send(message, number + 1)
        report(number + 1, count)


def _times(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """How many times as many messages a second go our way."""
    ours = rows[OURS]["messages_per_second"]
    return {way: round(ours / row["messages_per_second"], 2) for way, row in rows.items() if way != OURS}


def _print_facts(facts: dict[str, Any]) -> None:
    click.echo(f"{'':14} {'ms median':>10} {'p90':>8} {'p99':>8} {'messages/s':>11} {'cpu ms':>8} {'bytes':>9}")
    for way, row in facts["ways"].items():
        times = f"{row['ms_median']:10.3f} {row['ms_p90']:8.3f} {row['ms_p99']:8.3f}"
        rest = f"{row['messages_per_second']:11.0f} {row['sender_cpu_ms']:8.3f} {row['bytes']:9}"
        click.echo(f"{way:14} {times} {rest}")
    for way, reason in facts["left_out"].items():
        click.echo(f"{way:14} left out: {reason}")
    width, height = facts["size"]
    click.echo(
        f"{facts['signs']} signs a message, latency at {facts['rate']:g} messages/s, pictures of {width}x{height}; "
        f"{machine_line(facts)}"
    )


class Line:
    """A sender here and its subscriber in a process of its own, ready when the block begins."""

    def __init__(self, way: str, picture: NDArray[np.uint8], phases: list[int]) -> None:
        self.way = way
        self._picture = picture
        self._phases = phases
        self._sequence = 0
        self._stack = ExitStack()

    def send(self, message: FrameMessage, number: int) -> None:
        """Send a message, made now."""
        self._sender.send(numbered(message, number, self._sequence))
        self._sequence += 1

    def size(self, message: FrameMessage) -> int:
        """Bytes that go over the wire for a message."""
        return self._sender.size(message)

    def warm_up(self, message: FrameMessage) -> None:
        """Send messages that don't count until the first of them is there."""
        assert self._process.stdout is not None
        while not select.select([self._process.stdout], [], [], WARM_UP_INTERVAL_S)[0]:
            self.send(message, WARM_UP)
        self.told()

    def told(self) -> dict[str, Any]:
        """What the subscriber says next. Raises BenchError where it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, complaints = self._process.communicate()
            raise BenchError(
                f"{self.way}: the subscriber ended: {(complaints.strip().splitlines() or ['silently'])[-1]}"
            )
        return dict(json.loads(line))

    def __enter__(self) -> "Line":
        with ExitStack() as opened:
            own = None if self.way in (JPEG, RAW) else OurSender() if self.way == OURS else JsonSender()
            if own is not None:
                opened.callback(own.close)
            arguments = [self.way, own.address if own else "", *map(str, self._phases)]
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            opened.callback(self._end)
            address = self.told()["address"]
            self._sender: Sender = own or ImageSender(address, self._picture, jpeg=self.way == JPEG)
            if own is None:
                opened.callback(self._sender.close)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
