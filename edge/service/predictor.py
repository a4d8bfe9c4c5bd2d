"""From a picture's bytes to its answer."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from edge.service.answers import NO_SIGN, FoundSign, Mode, Prediction, Reading
from edge.service.batching import Batcher, one_at_a_time
from edge.service.pictures import SMALL_PIXELS, Picture, PictureError, open_picture, read_small_jpeg
from edge.service.scenes import SceneReader
from edge.service.settings import ServiceSettings
from models.catalogue import Catalogue
from models.classifier import Classifier

if TYPE_CHECKING:
    from edge.remote.backend import RemoteBackend

AskedMode = Literal["auto", "crop", "scene"]
Result = TypeVar("Result")

ON_THE_LOOP = ("litert", "litert-int8")
"""Networks that answer in so short a time that requests wait for them without a thread."""
LEAST_SIGN = 0.5
"""Of the likeliest class: it is more probable than everything else together, so there is a sign."""
SURELY_ONE_SIGN = 0.9
"""A picture that is read as one sign so surely is not searched for others. Of 200 frames of GTSDB as a whole none was
read so, of windows three times as large as a sign none, twice as large every fourth."""
LEAST_SCENE_PX = 100
"""Longer side of a picture in which more than one sign could be told."""


class Busy(Exception):
    """Too much waits already; come again."""


@dataclass(frozen=True, slots=True)
class Ask:
    """How a picture is to be read."""

    mode: AskedMode = "auto"
    top: int = 3
    """Likeliest classes that are told of each sign."""


class Predictor:
    """Answers pictures: small ones on the event loop, large ones and scenes one after another in a thread.

    Args:
        settings: Of the service.
        catalogue: The signs that the classifier tells apart.
        classifier: Need not be safe to use from several threads.
        note_batch: Is told how many crops went through the network at once.
        remote: What the classifier asks where its network is on a server.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        catalogue: Catalogue,
        classifier: Classifier,
        note_batch: Callable[[int], None] = lambda crops: None,
        remote: "RemoteBackend | None" = None,
    ) -> None:
        self._limits = settings.limits
        self._size_px = classifier.record.crop_size_px
        self._backend = classifier.backend
        self._remote = remote
        classifier = one_at_a_time(classifier)
        self._elsewhere = None if classifier.backend in ON_THE_LOOP else ThreadPoolExecutor(1, "network")
        self._batcher = Batcher(classifier, self._elsewhere, note_batch)
        self._large = ThreadPoolExecutor(1, "large-pictures")
        self._waiting = 0
        self._readings = [
            Reading(sign.class_id, sign.name, sign.code, sign.category, sign.value, sign.unit, 0.0)
            for sign in catalogue
        ]
        self._scenes = SceneReader(catalogue, classifier) if settings.scenes else None

    async def predict(self, data: bytes, ask: Ask) -> Prediction:
        """What a picture shows. Raises PictureError where it can't be used, Busy where too many wait."""
        picture = read_small_jpeg(data, self._limits.pixels)
        if picture is None:
            opened = open_picture(data, self._limits.pixels)
            picture = opened.decode() if opened.pixels <= SMALL_PIXELS else await self._in_turn(opened.decode)
        started = time.perf_counter()
        if ask.mode == "scene":
            return await self._scene(picture, ask, started)
        height, width = picture.bgr.shape[:2]
        crop = cut_crop(picture.bgr, (0.0, 0.0, width, height), 0.0, self._size_px)
        (probabilities,) = await self._batcher.probabilities(crop[None])
        best = float(probabilities[:-1].max())
        searched = ask.mode == "auto" and self._scenes is not None and max(width, height) >= LEAST_SCENE_PX
        if searched and best < SURELY_ONE_SIGN:
            scene = await self._scene(picture, ask, started)
            if scene.is_sign:
                return scene
        return self._of_crop(picture, probabilities, ask, started)

    def close(self) -> None:
        """Let go of threads."""
        self._large.shutdown(cancel_futures=True)
        if self._elsewhere is not None:
            self._elsewhere.shutdown(cancel_futures=True)
        if self._scenes is not None:
            self._scenes.close()

    async def _in_turn(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= self._limits.waiting_scenes:
            raise Busy("too many large pictures are waiting already; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._large, work)
        finally:
            self._waiting -= 1

    async def _scene(self, picture: Picture, ask: Ask, started: float) -> Prediction:
        scenes = self._scenes
        if scenes is None:
            raise PictureError(422, "this service takes a picture for one sign only; ask without mode=scene")
        found = await self._in_turn(lambda: scenes.read(picture.bgr))
        signs = []
        for box_xywh_px, probabilities in zip(*found, strict=True):
            top = self._top(probabilities, ask.top)
            signs.append(self._found(picture, box_xywh_px.tolist(), top))
        return self._prediction("scene", picture, signs, signs[0].top if signs else [], 0.0, started)

    def _of_crop(self, picture: Picture, probabilities: NDArray[np.float32], ask: Ask, started: float) -> Prediction:
        top = self._top(probabilities[:-1], ask.top)
        height, width = picture.bgr.shape[:2]
        is_sign = top[0].confidence >= LEAST_SIGN
        signs = [self._found(picture, [0.0, 0.0, width, height], top)] if is_sign else []
        none = round(1.0 - float(probabilities[:-1].max()), 4)
        return self._prediction("crop", picture, signs, top, none, started)

    def _prediction(
        self, mode: Mode, picture: Picture, signs: list[FoundSign], top: list[Reading], none: float, started: float
    ) -> Prediction:
        best = signs[0] if signs else None
        return Prediction(
            class_index=best.class_index if best else None,
            class_name=best.class_name if best else NO_SIGN,
            code=best.code if best else None,
            category=best.category if best else None,
            confidence=best.confidence if best else none,
            top=top,
            is_sign=best is not None,
            mode=mode,
            size=picture.size_wh,
            signs=signs,
            backend=self._backend,
            ms=round(1e3 * (time.perf_counter() - started), 2),
            degraded=self._remote.degraded if self._remote else (),
        )

    def _found(self, picture: Picture, box_xywh_px: list[float], top: list[Reading]) -> FoundSign:
        (x, y, w, h), (across, down) = box_xywh_px, picture.scale
        best = top[0]
        return FoundSign(
            class_index=best.class_index,
            class_name=best.class_name,
            code=best.code,
            category=best.category,
            value=best.value,
            unit=best.unit,
            confidence=best.confidence,
            box=(round(x * across, 1), round(y * down, 1), round(w * across, 1), round(h * down, 1)),
            top=top,
        )

    def _top(self, probabilities: NDArray[np.float32], count: int) -> list[Reading]:
        """The likeliest of the classes (n,), best first."""
        shares = probabilities.tolist()
        best = sorted(range(len(shares)), key=shares.__getitem__, reverse=True)[:count]
        return [
            msgspec.structs.replace(self._readings[class_id], confidence=round(shares[class_id], 4))
            for class_id in best
        ]
