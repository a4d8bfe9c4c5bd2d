"""Metrics of the service for Prometheus. Several workers count into files that they share."""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
CROPS = (1, 2, 4, 8, 16, 32, 64)


class ServiceMetrics:
    """Counts answers and batches.

    Args:
        paths: Those that are told apart; all others are `other`, since strangers choose them.
        shared_folder: Where the workers' files are; None for one worker.
    """

    def __init__(self, paths: frozenset[str], shared_folder: str | None) -> None:
        self._paths = paths
        self._shared_folder = shared_folder
        self._registry = CollectorRegistry()
        if shared_folder is None:
            ProcessCollector(registry=self._registry)
        self._answers = Counter(
            "signwatch_service_requests", "Requests answered", ["path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "signwatch_service_request_seconds",
            "From a request's head to its whole answer",
            ["path"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._crops = Histogram(
            "signwatch_service_batch_crops",
            "Crops of single-sign pictures that went through the network at once",
            buckets=CROPS,
            registry=self._registry,
        )
        self._remote = Counter(
            "signwatch_service_remote_batches",
            "Batches for a remote classifier, by who answered: server, local (the network here instead), nobody",
            ["by"],
            registry=self._registry,
        )
        self._children: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def note_answer(self, path: str, status: int, seconds: float) -> None:
        """Take in one answer."""
        path = path if path in self._paths else "other"
        children = self._children.get((path, status))
        if children is None:
            children = self._answers.labels(path, str(status)), self._seconds.labels(path)
            self._children[path, status] = children
        children[0].inc()
        children[1].observe(seconds)

    def note_batch(self, crops: int) -> None:
        """Take in one batch, from the network's thread."""
        self._crops.observe(crops)

    def note_remote(self, by: str) -> None:
        """Take in who answered a batch that was meant for a server."""
        self._remote.labels(by).inc()

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        if self._shared_folder is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=self._shared_folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)
