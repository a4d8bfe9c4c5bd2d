"""What LightGBM has learnt is what our own trees say."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from detector.features import FINE_COUNT, ROUGH_COUNT
from detector.forest import DEPTH
from detector.ranker_training import Examples, _complete, train_ranker

try:
    import lightgbm
except (ImportError, OSError) as error:  # the latter where the system's libgomp is missing
    pytest.skip(f"LightGBM can't be loaded: {error}", allow_module_level=True)


def test_trees_say_the_same_as_the_library_that_made_them() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(500, 6)).astype(np.float32)
    targets = (features[:, 0] * features[:, 1] > 0.2).astype(np.float32)
    settings = {"objective": "binary", "max_depth": DEPTH, "num_leaves": 2**DEPTH, "verbose": -1}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, targets), num_boost_round=20)
    ours = _complete([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]])
    with ThreadPoolExecutor(2) as executor:
        np.testing.assert_allclose(
            ours.sums(features, executor), booster.predict(features, raw_score=True), rtol=1e-4, atol=1e-4
        )


def test_it_learns_what_tells_signs_from_clutter_and_where_they_lie() -> None:
    generator = np.random.default_rng(1)
    count = 1200
    rough = generator.normal(size=(count, ROUGH_COUNT)).astype(np.float32)
    fine = generator.normal(size=(count, FINE_COUNT)).astype(np.float32)
    is_sign = (generator.random(count) < 0.5).astype(np.float32)
    rough[:, 0] += 3 * is_sign
    fine[:, -1] += 3 * is_sign
    offsets = np.tile(np.array([0.0, 0.2, 0.1, -0.1], np.float32), (count, 1))
    examples = Examples(rough, fine.astype(np.float16), is_sign, np.ones(count, np.float32), offsets, is_sign)
    done: list[tuple[int, int]] = []
    ranker = train_ranker([examples], trees=40, seed=1, report=lambda *step: done.append(step))
    with ThreadPoolExecutor(2) as executor:
        for scores in (ranker.rank(fine, executor), ranker.sift(rough, executor)):
            first = np.argsort(-scores)[: int(is_sign.sum())]
            assert is_sign[first].mean() > 0.9
        moved = ranker.refine(fine[:1], np.array([[10, 10, 20, 20]], np.float32), executor)
    assert moved[0, 1] > 11, "downwards, as all of them"
    assert done[-1] == (6, 6)
