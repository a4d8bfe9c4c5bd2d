"""What the service's answers share: its network, its counts, and whether it is well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI

from edge.classifiers import open_classifier
from edge.errors import SignwatchError
from edge.run_log import RunLog
from edge.service.answers import About, BatchItem, Health, Prediction
from edge.service.metrics import ServiceMetrics
from edge.service.pictures import PictureError
from edge.service.predictor import Ask, Busy, Predictor
from edge.service.settings import ServiceSettings
from models.errors import ModelError
from models.weights_record import catalogue_of


class Unanswered(Exception):
    """A question has no answer; the message says why in one line.

    Args:
        status: The HTTP status that says so.
        reason: For people.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = [(b"retry-after", b"1")] if status == 503 else []


class Answering:
    """One worker's network, from the start of its server to its end.

    Args:
        settings: Of the service.
        metrics: What is counted.

    Raises:
        ModelError: Where the network can't be loaded.
        RemoteError: Where it is on a server that doesn't answer, and no other may stand in.

    Attributes:
        catalogue: The signs that can be told.
    """

    def __init__(self, settings: ServiceSettings, metrics: ServiceMetrics) -> None:
        self.catalogue = catalogue_of(settings.weights)
        log = RunLog(as_json=settings.log_json)
        classifier, self._remote = open_classifier(
            self.catalogue,
            settings.weights,
            settings.backend,
            log.say_remote,
            threads=settings.threads,
            observe=metrics.note_remote,
        )
        self._settings = settings
        self._backend = classifier.backend
        self._predictor = Predictor(settings, self.catalogue, classifier, metrics.note_batch, self._remote)
        self._stopping = False

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """From the first request to the last."""
        yield
        self._stopping = True
        self._predictor.close()
        if self._remote is not None:
            self._remote.close()

    @property
    def health(self) -> Health:
        """Whether pictures are answered."""
        if self._stopping:
            return Health("stopping")
        return Health("waiting" if self._remote is not None and not self._remote.answers else "ok")

    @property
    def about(self) -> About:
        """What this service is and does."""
        return About(
            version=metadata.version("signwatch"),
            backend=self._backend,
            predicts=True,
            scenes=self._settings.scenes,
            live=False,
            keys=bool(self._settings.access.keys),
            max_bytes=self._settings.limits.body_bytes,
            max_pictures=self._settings.limits.pictures,
        )

    async def predict(self, data: bytes, ask: Ask) -> Prediction:
        """What a picture shows. Raises Unanswered."""
        try:
            return await self._predictor.predict(data, ask)
        except PictureError as error:
            raise Unanswered(error.status, str(error)) from error
        except (Busy, ModelError, SignwatchError) as error:
            raise Unanswered(503, str(error)) from error

    async def predict_item(self, name: str, data: bytes, ask: Ask) -> BatchItem:
        """The same as a part of a batch, which one bad picture doesn't spoil."""
        try:
            return BatchItem(name=name, status=200, prediction=await self.predict(data, ask), detail=None)
        except Unanswered as unanswered:
            return BatchItem(name=name, status=unanswered.status, prediction=None, detail=str(unanswered))
