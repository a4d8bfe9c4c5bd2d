import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.service.batching import LARGEST_BATCH, Batcher
from models.catalogue import load_catalogue
from models.classifier import load_classifier

CLASSIFIER = load_classifier(load_catalogue(), threads=1)
CROPS = np.random.default_rng(0).integers(0, 256, (LARGEST_BATCH + 20, 32, 32, 3), dtype=np.uint8)


def crop(number: int) -> NDArray[np.uint8]:
    return CROPS[number : number + 1]


def test_requests_that_come_together_go_through_the_network_together_and_get_their_own_answers() -> None:
    batches: list[int] = []

    async def ask() -> list[NDArray[np.float32]]:
        batcher = Batcher(CLASSIFIER, note=batches.append)
        return await asyncio.gather(*(batcher.probabilities(crop(number)) for number in range(5)))

    answers = asyncio.run(ask())
    assert batches == [5]
    np.testing.assert_allclose(np.concatenate(answers), CLASSIFIER.probabilities(CROPS[:5]), atol=0.02)
    assert len({answer.argmax() for answer in answers} | {answer.tobytes() for answer in answers}) > 2


def test_more_than_a_batch_goes_as_several() -> None:
    batches: list[int] = []

    async def ask() -> None:
        batcher = Batcher(CLASSIFIER, note=batches.append)
        await asyncio.gather(*(batcher.probabilities(crop(number)) for number in range(len(CROPS))))

    asyncio.run(ask())
    assert batches == [LARGEST_BATCH, 20]


def test_what_gathers_while_a_network_elsewhere_is_busy_goes_as_the_next_batch() -> None:
    batches: list[int] = []

    async def ask() -> None:
        with ThreadPoolExecutor(1) as elsewhere:
            batcher = Batcher(CLASSIFIER, elsewhere, batches.append)
            first = asyncio.ensure_future(batcher.probabilities(crop(0)))
            while not batches:
                await asyncio.sleep(0)
            await asyncio.gather(first, *(batcher.probabilities(crop(number)) for number in range(1, 4)))

    asyncio.run(ask())
    assert batches == [1, 3]


@pytest.mark.parametrize("with_thread", [False, True])
def test_a_network_that_fails_tells_those_who_asked_and_goes_on(with_thread: bool) -> None:
    failing = iter([True, False])

    def logits(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        if next(failing):
            raise RuntimeError("it broke")
        return CLASSIFIER.logits(crops)

    async def ask() -> None:
        with ThreadPoolExecutor(1) as pool:
            batcher = Batcher(replace(CLASSIFIER, logits=logits), pool if with_thread else None)
            answers = await asyncio.gather(*(batcher.probabilities(crop(0)) for _ in range(2)), return_exceptions=True)
            assert [str(answer) for answer in answers] == ["it broke", "it broke"]
            assert (await batcher.probabilities(crop(0))).shape == (1, 44)

    asyncio.run(ask())


def test_a_request_that_has_gone_spoils_no_other() -> None:
    async def ask() -> NDArray[np.float32]:
        batcher = Batcher(CLASSIFIER)
        gone = asyncio.ensure_future(batcher.probabilities(crop(0)))
        stays = asyncio.ensure_future(batcher.probabilities(crop(1)))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    answer = asyncio.run(ask())
    np.testing.assert_allclose(answer, CLASSIFIER.probabilities(crop(1)), atol=0.02)
