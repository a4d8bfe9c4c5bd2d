"""A live run from beginning to end: threads started in an order that gets the first message out soon, looked after
while they run, and ended so that every captured frame is accounted for."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import numpy as np

from calibration.mounting import MountedCamera
from edge.frame import Frame
from edge.frame_reader import FrameReader, open_reader
from edge.live_loop import Feed, LiveLoop
from edge.messages import HEALTH_INTERVAL_S, FrameMessage, HealthMessage
from edge.placing import Placing
from edge.publisher import SignPublisher
from edge.reader import MIN_CONFIDENCE, SignReader
from edge.sources import CapturedSource, Source, SourceOptions, open_source
from edge.status import FeedStatus
from edge.watchdog import Watchdog
from models.backends import Backend
from models.sign_sizes import Road

if TYPE_CHECKING:  # loads MCAP, which only those need who record
    from edge.recording.recorder import Recorder
    from edge.remote.address import RemoteAddress
    from edge.remote.backend import RemoteEvent

First = TypeVar("First")
Second = TypeVar("Second")

STOP_PATIENCE_S = 5.0
"""A frame under way is finished within this time, or the run ends without it."""
LAST_WORDS_S = 0.2
"""For the last messages to leave."""
PUBLISHING = "publish"
"""The wire's stage, by name."""
WARM_UP_SIZE = (180, 320, 3)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source as the user named it."""

    spec: str
    name: str | None
    realtime: bool
    options: SourceOptions
    camera: MountedCamera | None = None
    """What is known of the camera; without it, signs have neither distance nor bearing."""
    road: Road = "any"


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of one source's frames: captured is published and dropped."""

    name: str
    captured: int
    published: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended."""

    counts: tuple[Counts, ...]
    fault: BaseException | None
    """What ended a source or the loop early."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What whoever runs it is told, from the thread that called `run_live`."""

    started: Callable[[list[str]], None]
    """The sources' names, once frames can be published."""
    stopping: Callable[[], None]
    """The run was interrupted and is being ended."""
    hung: Callable[[list[str]], NoReturn]
    """Stages that hang. Their threads can be neither ended nor waited for, so this one ends the process."""
    health: Callable[[list[HealthMessage], bool], None] = lambda messages, progressing: None
    """Once a second: what was published of each source, and whether every stage has gone on since the last time."""
    published: Callable[[FrameMessage, int], None] = lambda message, candidates: None
    """Each frame's message with its number of candidates; from the detecting thread, which waits for it."""
    remote: "Callable[[RemoteEvent], None]" = lambda event: None
    """What a remote classifier's server fails at, and that it answers again; from any thread."""


def run_live(
    sources: list[SourceSpec],
    publisher: SignPublisher,
    watchdog: Watchdog,
    detect_weights: Path,
    backend: "Backend | RemoteAddress",
    callbacks: Callbacks,
    *,
    max_latency_ms: float | None,
    recorder: "Recorder | None" = None,
    show: Callable[[Frame, FrameMessage], None] | None = None,
) -> Ended:
    """Publish what every source shows until all have ended, or KeyboardInterrupt is raised here.

    `show` is handed each frame that was published, by the detecting thread, which waits for it.

    Raises SourceError and ModelError where a source or the network can't be opened.
    """
    changed = threading.Condition()
    with ExitStack() as stack:
        captured: list[tuple[Source, CapturedSource]] = []
        for wanted in sources:  # streams take a while to open, and the network can be loaded meanwhile
            stage = watchdog.stage(f"capture {wanted.name or len(captured)}")
            origin = open_source(
                wanted.spec,
                name=wanted.name,
                realtime=wanted.realtime,
                options=replace(wanted.options, beat=stage.begin),
            )
            source = CapturedSource(origin, changed, stage)
            stack.callback(source.close)
            captured.append((origin, source))
        reader = open_reader(detect_weights, backend, callbacks.remote)
        stack.callback(reader.close)
        _warm_up(reader)
        keep = for_each(recorder.keep if recorder else None, show)
        feeds = [
            Feed(source, _sign_reader(reader, source, wanted), max_latency_ms, callbacks.published, keep)
            for (_, source), wanted in zip(captured, sources, strict=True)
        ]
        statuses = [
            FeedStatus(feed, origin, reader, publisher, recorder)
            for feed, (origin, _) in zip(feeds, captured, strict=True)
        ]
        callbacks.health([status.publish() for status in statuses], True)
        loop = LiveLoop(feeds, publisher, changed, watchdog.stage("detect"))
        return _supervise(loop, feeds, statuses, publisher, watchdog, callbacks)


def for_each(*takers: Callable[[First, Second], None] | None) -> Callable[[First, Second], None] | None:
    """What hands the same to all of them that are there; None where none is."""
    there = [taker for taker in takers if taker is not None]
    if len(there) < 2:
        return there[0] if there else None

    def hand_on(first: First, second: Second) -> None:
        for taker in there:
            taker(first, second)

    return hand_on


def _sign_reader(reader: FrameReader, source: CapturedSource, wanted: SourceSpec) -> SignReader:
    placing = Placing(wanted.camera, reader.catalogue, wanted.road) if wanted.camera else None
    return SignReader(reader, source.name, placing=placing)


def _supervise(
    loop: LiveLoop,
    feeds: list[Feed],
    statuses: list[FeedStatus],
    publisher: SignPublisher,
    watchdog: Watchdog,
    callbacks: Callbacks,
) -> Ended:
    try:
        callbacks.started([feed.source.name for feed in feeds])  # in here: whoever hears of it may stop it at once
        due_s = time.monotonic() + HEALTH_INTERVAL_S
        while not loop.done.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + HEALTH_INTERVAL_S, time.monotonic())
            hung = watchdog.check()
            if hung:
                _give_up(hung, statuses, callbacks)
            callbacks.health([status.publish() for status in statuses], watchdog.progressing)
    except KeyboardInterrupt:  # being stopped is how a live run ends
        callbacks.stopping()
    if not loop.stop(STOP_PATIENCE_S):
        _give_up(["detect"], statuses, callbacks)
    for feed in feeds:
        feed.source.close()
        feed.end(publisher)
    for status in statuses:
        status.publish(stopped=True)
    faults = [loop.failure, *(feed.source.buffer.fault for feed in feeds)]
    return Ended(
        tuple(Counts(feed.source.name, feed.source.captured, feed.published, feed.dropped) for feed in feeds),
        next((fault for fault in faults if fault is not None), None),
    )


def _give_up(hung: list[str], statuses: list[FeedStatus], callbacks: Callbacks) -> NoReturn:
    if PUBLISHING not in hung:
        for status in statuses:
            status.publish(hung)
        time.sleep(LAST_WORDS_S)
    callbacks.hung(hung)


def _warm_up(reader: FrameReader) -> None:
    """Read one picture, so that what is compiled or laid out at first use is ready before anybody waits for it."""
    noise = np.random.default_rng(0).integers(0, 256, WARM_UP_SIZE, dtype=np.uint8)
    reader.read(noise, MIN_CONFIDENCE)
