"""All through which a live run is operated: its log, its service manager, its metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.messages import FrameMessage, HealthMessage
from edge.redaction import without_passwords
from edge.run_log import RunLog
from edge.service_manager import LEAST_WATCHDOG_S, ServiceManager
from edge.sources import SourceEvent
from edge.supervisor import Counts

if TYPE_CHECKING:  # where nobody asked for metrics, their library is not loaded
    from edge.metrics import LiveMetrics
    from edge.remote.backend import RemoteEvent


class Operation:
    """Takes in what happens to a run, and tells each of the three what it is for.

    Args:
        log: Where it is written.
        manager: The service manager.
        metrics: What is counted, where somebody asked for it.
    """

    def __init__(self, log: RunLog, manager: ServiceManager, metrics: LiveMetrics | None) -> None:
        self._log = log
        self._manager = manager
        self._metrics = metrics
        self._degraded: dict[str, tuple[str, ...]] = {}
        self._refused = 0

    def note_started(self, names: list[str], addresses: tuple[str, ...]) -> None:
        """Subscribers are answered from now on, also where no source gives a frame yet: health tells them why."""
        if self._metrics is not None:
            self._log.say("metrics", f"metrics on {self._metrics.address}", address=self._metrics.address)
        self._log.say(
            "started", f"publishing {', '.join(names)} on {' '.join(addresses)}", sources=names, addresses=addresses
        )
        watchdog_s = self._manager.watchdog_s
        if watchdog_s is not None and watchdog_s < LEAST_WATCHDOG_S:
            self._log.say(
                "watchdog",
                f"the service manager waits {watchdog_s:g} s for progress, which is told once a second; "
                f"set WatchdogSec to {LEAST_WATCHDOG_S:g} s at least",
                level="warning",
            )
        self._manager.ready()

    def note_source(self, event: SourceEvent) -> None:
        """A camera or stream was opened or failed; from the thread that reads it."""
        if event.fault is None:
            detail = f", at attempt {event.attempts}" if event.attempts > 1 else ""
            message = f"{event.name} gives {event.given}"
            self._log.say_once("source-opened", message, source=event.name, detail=detail, attempts=event.attempts)
            return
        named = event.fault if event.name in event.fault else f"{event.name}: {event.fault}"
        self._log.say_once(
            "source-fault",
            named,
            level="warning",
            source=event.name,
            detail="; trying again until it is back",
            attempts=event.attempts,
        )

    def note_frame(self, message: FrameMessage, candidates: int) -> None:
        """A frame's message was published; from the thread that detects."""
        if self._metrics is not None:
            self._metrics.note_frame(message, candidates)

    def note_health(self, messages: list[HealthMessage], progressing: bool) -> None:
        """Once a second: how every source is, and whether every stage goes on."""
        if self._metrics is not None:
            self._metrics.note_health(messages)
        if progressing:
            self._manager.progress()
        self._manager.tell(without_passwords("; ".join(map(_status, messages))))
        for message in messages:
            before = self._degraded.get(message.source, ())
            for word in message.degraded:
                if word not in before:
                    text = f"{message.source} is degraded: {word}"
                    self._log.say_once("degraded", text, level="warning", source=message.source, what=word)
            if before and not message.degraded:
                self._log.say_once("not-degraded", f"{message.source} is degraded no more", source=message.source)
            self._degraded[message.source] = message.degraded
            if message.refused > self._refused:
                text = "a connection to the publisher was refused: a wrong or missing key, or no ZeroMQ"
                self._log.say_once("refused", text, level="warning", count=message.refused - self._refused)
                self._refused = message.refused
        self._log.say_repeats()

    def note_stopping(self) -> None:
        """The run is being ended."""
        self._manager.stopping()

    def note_hung(self, stages: list[str]) -> None:
        """Stages hang, and the process ends with them."""
        text = f"{', '.join(stages)} hangs; start it again"
        self._manager.tell(text)
        self._log.say("hung", text, level="error", stages=stages)

    def note_ended(self, counts: tuple[Counts, ...]) -> None:
        """What came of every source's frames."""
        self._log.say_repeats(ending=True)
        for count in counts:
            self._log.say(
                "ended",
                f"{count.name}: {count.captured} frames captured, {count.published} frames published, "
                f"{count.dropped} dropped",
                source=count.name,
                captured=count.captured,
                published=count.published,
                dropped=count.dropped,
            )

    def note_remote(self, event: RemoteEvent) -> None:
        """A remote classifier's server failed, answers again or was left; from any thread."""
        self._log.say_remote(event)

    def note_console(self, address: str) -> None:
        """The live view can be looked at."""
        self._log.say("console", f"console on {address}", address=address)

    def note_recorder(self, line: str) -> None:
        """Recording failed, or goes on; from its thread."""
        self._log.say("recording", line, level="warning")

    def note_recorded(self, folder: Path, recorded: int, unrecorded: int) -> None:
        """What came of the recording."""
        self._log.say(
            "recorded",
            f"{folder}: {recorded} messages and pictures recorded, {unrecorded} left out",
            recorded=recorded,
            unrecorded=unrecorded,
        )


def _status(message: HealthMessage) -> str:
    said = message.fault or ", ".join((f"{message.fps:.1f} frames/s", *message.degraded))
    return f"{message.source} {message.state}: {said}"
