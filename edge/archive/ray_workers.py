"""Workers of a Ray cluster: which node does what, and what happens when one is lost, is Ray's business."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from edge.archive.workers import Argument, Result, take_one_core
from edge.errors import WireError

WAITING = 2000
"""Calls that Ray is handed at once, so that nodes that come later find work."""


class RayWorkers:
    """A cluster, by its address: `auto`, `HOST:PORT`, or `ray://HOST:PORT` from outside of it.

    The nodes need the same Signwatch, and the recordings under the same paths.

    Raises:
        WireError: Where there is none, or Ray isn't installed.
    """

    def __init__(self, address: str) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError as error:
            raise WireError("--ray needs Ray: pip install 'signwatch[fleet]'") from error
        try:
            ray.init(address, logging_level=logging.ERROR, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise WireError(f"{address}: no Ray cluster there ({error}); is `ray start --head` running?") from error
        self._ray: Any = ray
        self.at_once = WAITING
        failures = ray.exceptions
        self.died: tuple[type[BaseException], ...] = (
            failures.WorkerCrashedError,
            failures.NodeDiedError,
            failures.OutOfMemoryError,
            failures.ObjectLostError,
        )
        self.lost: tuple[type[BaseException], ...] = (failures.RaySystemError, ConnectionError)
        self._on_a_core: Any = ray.remote(num_cpus=1, max_retries=0)(_work)

    def submit(self, work: Callable[[Argument], Result], argument: Argument) -> "Future[Result]":
        """Hand it to Ray, which does it on one core of some node."""
        future: Future[Result] = self._on_a_core.remote(work, argument).future()
        return future

    def close(self) -> None:
        """Leave the cluster; what it works on for this run ends."""
        self._ray.shutdown()


def _work(work: Callable[[Argument], Result], argument: Argument) -> Result:
    take_one_core()
    return work(argument)
