"""What network and ranker learn from street frames: real shapes on a drawn road, named by the table beside them."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from detector.ranker import load_ranker
from edge.learning import FARTHER, NO_SIGN, ranker_examples, street_crops
from models.archive import Archive
from models.gtsdb import list_frames
from tests.edge.scenes import STOP, scene
from tests.models.benchmark import encode

SIDE_PX = 96
SIZE = (1360, 800)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """One frame with one sign in its table, and one without any."""
    (tmp_path / "00000.png").write_bytes(encode(".png", scene(SIDE_PX, STOP, size_wh=SIZE)))
    (tmp_path / "00001.png").write_bytes(encode(".png", scene(SIDE_PX, size_wh=SIZE)))
    x, y = SIZE[0] // 8, SIZE[1] * 5 // 12  # where the scene has it
    (tmp_path / "gt.txt").write_text(f"00000.ppm;{x};{y};{x + SIDE_PX};{y + SIDE_PX};14\n", encoding="utf-8")
    return tmp_path


def test_a_sign_is_shown_as_annotated_as_found_and_from_farther_away(street: Path) -> None:
    with Archive(street) as archive:
        frames = list_frames(archive)
        crops, class_ids = street_crops(archive, frames, load_ranker(), 0.3, 48, lambda done, of: None)
        alone, of_alone = street_crops(archive, frames[1:], load_ranker(), 0.3, 48, lambda done, of: None)
    assert crops.shape[1:] == (48, 48, 3) and len(crops) == len(class_ids)
    assert set(class_ids.tolist()) <= {14, NO_SIGN}
    signs = crops[class_ids == 14]
    assert len(signs) >= 2 * (1 + len(FARTHER)), "annotated and found, as it is and from farther away"
    red = signs[:, 16:32, 16:32, 2].astype(int) - signs[:, 16:32, 16:32, 1]
    assert (red.mean(axis=(1, 2)) > 25).all(), "each shows the sign's own red"
    assert (of_alone == NO_SIGN).all() and len(alone) == len(of_alone)


def test_the_ranker_learns_a_sign_in_other_light_too(street: Path) -> None:
    with Archive(street) as archive:
        frames = list_frames(archive)
        examples = ranker_examples(archive, frames, 1, lambda done, of: None)
        again = ranker_examples(archive, frames, 1, lambda done, of: None)
    assert [len(of_frame) for of_frame in examples] == [3, 3], "as it is, in other light, and that from farther away"
    assert all(((example.weight > 0) & (example.is_sign > 0)).any() for example in examples[0])
    assert not np.array_equal(examples[0][0].rough, examples[0][1].rough)
    for one, other in zip(chain.from_iterable(examples), chain.from_iterable(again), strict=True):
        assert np.array_equal(one.fine, other.fine)
