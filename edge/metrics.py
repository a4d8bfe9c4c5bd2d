"""Metrics of a live run for Prometheus, over HTTP. Imported only where they are asked for."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edge.errors import WireError
from edge.messages import FrameMessage, HealthMessage

LATENCY_BUCKETS_S = (0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0)
"""Close together where a frame's time lies, up to where it is stale."""
CANDIDATE_BUCKETS = (1, 2, 4, 8, 16, 24, 32, 48, 64)


class LiveMetrics:
    """Collects what frames' and health messages say, and serves it until it is closed.

    Args:
        host: Address to serve on, without brackets.
        port: 0 takes a free one.

    Raises:
        WireError: Where the port is in use or the address is none of this machine.
    """

    def __init__(self, host: str, port: int) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._health = _HealthCollector()
        registry.register(self._health)
        self._latency = Histogram(
            "signwatch_latency_seconds",
            "Time of a frame by stage; total is from its capture to its message",
            ["source", "stage"],
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )
        self._candidates = Histogram(
            "signwatch_candidates",
            "Regions of a frame that the network looked at",
            ["source"],
            buckets=CANDIDATE_BUCKETS,
            registry=registry,
        )
        self._confirmed = Counter(
            "signwatch_signs_confirmed", "Physical signs that were confirmed", ["source"], registry=registry
        )
        self._confirmed_now: dict[str, set[int]] = {}
        shown = f"[{host}]" if ":" in host else host
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:  # the resolver's errors are of this kind too
            raise WireError(
                f"metrics can't be served on {shown}:{port} ({error.strerror}); choose another port or address"
            ) from error
        self.address = f"http://{shown}:{self._server.server_port}/metrics"

    def note_frame(self, message: FrameMessage, candidates: int) -> None:
        """Take in a frame's message as it was published, from one thread for each source."""
        times_ms = message.latency_ms
        for stage, milliseconds in (
            ("candidates", times_ms.candidates),
            ("classify", times_ms.classify),
            ("total", times_ms.total),
        ):
            self._latency.labels(message.source, stage).observe(milliseconds / 1e3)
        self._candidates.labels(message.source).observe(candidates)
        confirmed = {sign.track for sign in message.signs if sign.state == "confirmed"}
        # A track's number is never used again, so one that was not there a frame ago is new.
        new = confirmed - self._confirmed_now.get(message.source, set())
        self._confirmed.labels(message.source).inc(len(new))
        self._confirmed_now[message.source] = confirmed

    def note_health(self, messages: Iterable[HealthMessage]) -> None:
        """Take in how every source is."""
        self._health.latest = {message.source: message for message in messages}

    def close(self) -> None:
        """Let go of the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _HealthCollector(Collector):
    """The newest health messages as metrics: their counters are kept elsewhere already, and here only passed on."""

    def __init__(self) -> None:
        self.latest: dict[str, HealthMessage] = {}
        self._degraded: set[tuple[str, str]] = set()

    def collect(self) -> Iterator[Metric]:
        """Give every metric once."""
        latest = list(self.latest.values())
        for name, text, field in (
            ("signwatch_frames_captured", "Frames that the source gave", "captured"),
            ("signwatch_frames_published", "Frames that a message was sent for", "published"),
            ("signwatch_frames_dropped", "Frames that were given up: late, stale or left out", "dropped"),
            ("signwatch_source_faults", "Times that the source could not be opened, failed or fell silent", "faults"),
        ):
            counter = CounterMetricFamily(name, text, labels=["source"])
            for message in latest:
                counter.add_metric([message.source], getattr(message, field))
            yield counter
        reconnects = CounterMetricFamily(
            "signwatch_reconnects", "Times that the source was opened again", labels=["source"]
        )
        up = GaugeMetricFamily("signwatch_source_up", "1 while frames are published, else 0", labels=["source"])
        age = GaugeMetricFamily(
            "signwatch_frame_age_seconds", "Age of the newest published frame, from its capture", labels=["source"]
        )
        for message in latest:
            reconnects.add_metric([message.source], max(0, message.openings - 1))
            up.add_metric([message.source], float(message.state in ("ok", "degraded")))
            if message.frame_age_ms is not None:
                age.add_metric([message.source], message.frame_age_ms / 1e3)
        yield from (reconnects, up, age, self._degraded_now(latest))
        # The publisher's own, which every source's message repeats.
        subscribers = GaugeMetricFamily("signwatch_subscribers", "Subscriptions to topic frame")
        refused = CounterMetricFamily(
            "signwatch_refused_connections", "Connections refused: wrong or missing keys, or no ZeroMQ at all"
        )
        for message in latest[:1]:
            subscribers.add_metric([], message.subscribers)
            refused.add_metric([], message.refused)
        yield from (subscribers, refused)

    def _degraded_now(self, latest: list[HealthMessage]) -> GaugeMetricFamily:
        """1 for what is degraded now, 0 for what was before: a series that just vanished would end no alarm."""
        degraded = GaugeMetricFamily(
            "signwatch_degraded", "1 while this is not as it should be", labels=["source", "what"]
        )
        now = {(message.source, what) for message in latest for what in message.degraded}
        self._degraded |= now
        for pair in sorted(self._degraded):
            degraded.add_metric(list(pair), float(pair in now))
        return degraded
