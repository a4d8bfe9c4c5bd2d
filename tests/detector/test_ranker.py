from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from detector.features import FINE_COUNT, ROUGH_COUNT
from detector.ranker import apply_offsets, load_ranker, offsets_between, save_ranker

BOXES = np.array([[10, 20, 30, 40], [5, 5, 8, 8]], np.float32)


def test_offsets_lead_from_box_to_target() -> None:
    target = np.array([[14, 12, 36, 44], [4, 6, 10, 7]], np.float32)
    np.testing.assert_allclose(apply_offsets(BOXES, offsets_between(BOXES, target)), target, rtol=1e-5)


def test_no_box_is_moved_far() -> None:
    moved = apply_offsets(BOXES, np.full((2, 4), 100, np.float32))
    assert (moved[:, 2:] < 1.7 * BOXES[:, 2:]).all()


def test_weights_survive_being_written_and_read(tmp_path: Path) -> None:
    ranker = load_ranker()
    save_ranker(ranker, tmp_path, {"seed": 1})
    again = load_ranker(tmp_path / "ranker.npz")
    generator = np.random.default_rng(0)
    rough, fine = (generator.normal(size=(2, count)).astype(np.float32) for count in (ROUGH_COUNT, FINE_COUNT))
    with ThreadPoolExecutor(2) as executor:
        assert (again.sift(rough, executor) == ranker.sift(rough, executor)).all()
        assert (again.rank(fine, executor) == ranker.rank(fine, executor)).all()
        assert (again.refine(fine, BOXES, executor) == ranker.refine(fine, BOXES, executor)).all()
    assert '"seed": 1' in (tmp_path / "ranker.json").read_text()


@pytest.mark.parametrize("content", [None, b"", b"not weights", b"PK\x03\x04broken"])
def test_weights_that_can_not_be_read_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ranker.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"ranker\.npz: not the ranker's weights"):
        load_ranker(path)
