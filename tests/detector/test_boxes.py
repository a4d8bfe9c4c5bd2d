import numpy as np
import pytest

from detector.boxes import grow, overlaps, suppress

SQUARES = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [100, 100, 10, 10]], np.float32)


def overlap_by_counting(first: np.ndarray, second: np.ndarray) -> float:
    """The plain reference: pixels in both over pixels in either."""
    pixels = [
        {(x, y) for x in range(int(box[0]), int(box[0] + box[2])) for y in range(int(box[1]), int(box[1] + box[3]))}
        for box in (first, second)
    ]
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def test_overlap_agrees_with_counting_pixels() -> None:
    generator = np.random.default_rng(3)
    boxes = np.concatenate([generator.integers(0, 20, (12, 2)), generator.integers(1, 20, (12, 2))], axis=1)
    found = overlaps(boxes.astype(np.float32), boxes.astype(np.float32))
    expected = [[overlap_by_counting(first, second) for second in boxes] for first in boxes]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (3, 0), (0, 0)])
def test_overlap_with_nothing_has_no_rows_or_columns(first: int, second: int) -> None:
    assert overlaps(np.zeros((first, 4), np.float32), np.ones((second, 4), np.float32)).shape == (first, second)


def test_growing_keeps_the_centre() -> None:
    assert grow(SQUARES[:1], 1.5).tolist() == [[-2.5, -2.5, 15, 15]]


def test_suppression_keeps_the_best_of_each_place() -> None:
    scores = np.array([0.5, 0.9, 0.1], np.float32)
    assert suppress(SQUARES, scores, max_overlap=0.3).tolist() == [1, 2]
    assert suppress(SQUARES, scores, max_overlap=0.5).tolist() == [1, 0, 2]
    assert suppress(SQUARES, scores, max_overlap=0.5, limit=1).tolist() == [1]
    assert suppress(SQUARES[:0], scores[:0], max_overlap=0.5).tolist() == []
