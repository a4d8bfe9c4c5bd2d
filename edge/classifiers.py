"""The classifier that a backend's name stands for: a network in this process, or one on a server."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from models.backends import Backend
from models.catalogue import Catalogue
from models.classifier import Classifier, load_classifier
from models.companions import load_companions
from models.weights_record import read_record

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress
    from edge.remote.backend import Outcome, RemoteBackend, RemoteEvent


def open_classifier(
    catalogue: Catalogue,
    weights: Path,
    backend: "Backend | RemoteAddress",
    report: "Callable[[RemoteEvent], None] | None" = None,
    *,
    threads: int = 2,
    observe: "Callable[[Outcome], None] | None" = None,
) -> "tuple[Classifier, RemoteBackend | None]":
    """A classifier, and what it asks where its network is on a server: close that, and look there for `degraded`.

    Even then `weights` are read: their record says how crops are cut, and their network is what stands in. `report`
    is told when the server fails and when it answers again, `observe` who answered each batch. `threads` are LiteRT's.
    Raises ModelError as of `load_classifier`, and RemoteError where the server doesn't answer and nothing may stand in.
    """
    if isinstance(backend, str):
        return load_classifier(catalogue, weights, backend, threads), None
    from edge.remote.backend import open_backend

    record = read_record(weights)
    record.check(catalogue, weights)
    local = load_classifier(catalogue, weights, backend.fallback, threads) if backend.fallback else None
    remote = open_backend(
        backend,
        record,
        local.logits if local else None,
        report or (lambda event: None),
        observe or (lambda outcome: None),
    )
    return Classifier(record, str(backend), remote, *load_companions(weights, record, threads)), remote
