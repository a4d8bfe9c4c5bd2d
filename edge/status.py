"""What a publisher says of itself: how it is, once a second, and what it is."""

import time
from importlib import metadata
from typing import TYPE_CHECKING

from detector.evidence import CONFIRMING_HITS, NO_SIGN_RATE, WRONG_CLASS_RATE
from edge.frame_reader import FrameReader
from edge.live_loop import Feed
from edge.messages import (
    HEALTH_TOPIC,
    INFO_TOPIC,
    NOT_RECORDING,
    HealthMessage,
    InfoMessage,
    KnownSign,
    Thresholds,
    encode,
)
from edge.publisher import SignPublisher
from edge.reader import MIN_CONFIDENCE
from edge.sources import LiveSource, Source

if TYPE_CHECKING:  # loads MCAP, which only those need who record
    from edge.recording.recorder import Recorder

NO_FRAMES_S = 2.0
"""So long without a published frame is a fault."""


class FeedStatus:
    """Publishes health and info of one source.

    Args:
        feed: The source on its way.
        origin: What is captured, for its state.
        reader: The network, for info.
        publisher: Where it goes.
        recorder: What records it, if anything does.
    """

    def __init__(
        self,
        feed: Feed,
        origin: Source,
        reader: FrameReader,
        publisher: SignPublisher,
        recorder: "Recorder | None" = None,
    ) -> None:
        self._feed = feed
        self._recorder = recorder
        self._origin = origin if isinstance(origin, LiveSource) else None
        self._reader = reader
        self._publisher = publisher
        self._began_s = self._told_s = time.monotonic()
        self._published = 0
        self._health_number = 0
        self._info: InfoMessage | None = None

    def publish(self, hung: list[str] | None = None, *, stopped: bool = False) -> HealthMessage:
        """Send health, which is given back, and info where something in it changed. `hung` are the stages that hang."""
        given = self._origin.given if self._origin else None
        if self._info is None or given != self._info.given:
            self._info = self._make_info(given)
            self._send(INFO_TOPIC, encode(self._info))
        health = self._make_health(hung, stopped)
        self._send(HEALTH_TOPIC, encode(health))
        return health

    def _send(self, topic: bytes, payload: bytes) -> None:
        self._publisher.retain(topic, {self._feed.source.name: payload})
        self._publisher.send(topic, payload)

    def _make_health(self, hung: list[str] | None, stopped: bool) -> HealthMessage:
        feed, origin = self._feed, self._origin
        now_s = time.monotonic()
        published = feed.published
        fps = (published - self._published) / max(now_s - self._told_s, 1e-3)
        self._published, self._told_s = published, now_s
        silent_s = feed.silent_s
        fault = self._fault(hung, now_s - self._began_s if silent_s is None else silent_s)
        degraded = feed.last.degraded if feed.last is not None else ()
        recorder = self._recorder
        if recorder is not None and recorder.failing:
            degraded = (*degraded, NOT_RECORDING)
        message = HealthMessage(
            source=feed.source.name,
            session=feed.signs.session,
            seq=self._health_number,
            published_ns=time.time_ns(),
            monotonic_ns=time.monotonic_ns(),
            state="stopped" if stopped else "fault" if fault else "degraded" if degraded else "ok",
            fault=fault,
            captured=feed.source.captured,
            published=published,
            dropped=feed.dropped,
            openings=origin.openings if origin else 1,
            faults=origin.faults if origin else 0,
            frame_age_ms=None if silent_s is None else round(max(silent_s, 0) * 1e3, 1),
            fps=round(fps, 1),
            degraded=degraded,
            subscribers=self._publisher.subscriptions(),
            refused=self._publisher.refused,
            recorded=recorder.recorded if recorder else None,
            unrecorded=recorder.unrecorded if recorder else None,
        )
        self._health_number += 1
        return message

    def _fault(self, hung: list[str] | None, silent_s: float) -> str | None:
        if hung:
            return f"{', '.join(hung)} hangs; the process ends"
        if self._origin is not None and self._origin.state != "open":
            return self._origin.fault or f"{self._origin.name} is being opened"
        return f"no frame was published for {silent_s:.0f} s" if silent_s > NO_FRAMES_S else None

    def _make_info(self, given: str | None) -> InfoMessage:
        catalogue = self._reader.catalogue
        return InfoMessage(
            source=self._feed.source.name,
            session=self._feed.signs.session,
            seq=0 if self._info is None else self._info.seq + 1,
            published_ns=time.time_ns(),
            monotonic_ns=time.monotonic_ns(),
            version=metadata.version("signwatch"),
            given=given,
            backend=self._reader.backend,
            catalogue=catalogue.digest,
            max_latency_ms=self._feed.max_latency_ms,
            thresholds=Thresholds(
                MIN_CONFIDENCE,
                CONFIRMING_HITS,
                (1 - NO_SIGN_RATE) * (1 - WRONG_CLASS_RATE),
                1 - NO_SIGN_RATE,
            ),
            signs=tuple(
                KnownSign(kind.class_id, kind.code, kind.name, kind.category, kind.value, kind.unit, kind.rules)
                for kind in catalogue
            ),
        )
