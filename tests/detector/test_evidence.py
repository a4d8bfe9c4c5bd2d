"""What frames of one track are worth, and when they are enough."""

import numpy as np
import pytest

from detector.evidence import CORRELATION, ERROR_RATE, Evidence, another_vote, confirmable, first_vote

CLASSES = 5
FPS = 30.0


def votes(
    *probabilities: float, side_px: float = 32.0, class_id: int = 2, other: int = 3, fps: float = FPS
) -> Evidence:
    """Frames in which the class has so much, another one the half of what is missing, and no sign the rest."""
    evidence = None
    for probability in probabilities:
        existence = probability + (1 - probability) / 2
        shares = np.zeros(CLASSES, np.float32)
        shares[class_id], shares[other] = probability / existence, 1 - probability / existence
        if evidence is None:
            evidence = first_vote(shares, existence, side_px)
        else:
            evidence = another_vote(evidence, shares, existence, side_px, 1 / fps)
    assert evidence is not None
    return evidence


def test_probabilities_are_of_all_classes_and_no_sign() -> None:
    posterior = votes(0.9).posterior
    assert posterior.shape == (CLASSES + 1,)
    assert posterior.sum() == pytest.approx(1)
    assert posterior[2] == pytest.approx(0.9, abs=0.01), "one frame is taken for what it says"


def test_frames_of_one_sign_are_worth_ever_less() -> None:
    looks = [votes(*[0.9] * count).looks for count in (1, 2, 10, 100, 1000)]
    assert looks[0] == 1
    assert looks == sorted(looks)
    assert looks[1] < 1.2 and looks[2] > 1.5 and looks[-1] < 1 / CORRELATION
    assert votes(*[0.9] * 5, fps=5).looks > votes(*[0.9] * 5, fps=60).looks, "what counts is the time between them"


def test_sure_readings_are_enough_after_a_while_and_doubtful_ones_never() -> None:
    assert confirmable(votes(*[0.999] * 3), {}) is None
    assert confirmable(votes(*[0.999] * 30), {}) == 2
    assert confirmable(votes(*[0.6] * 1000), {}) is None


def test_what_is_enough_leaves_no_more_doubt_than_the_error_rate() -> None:
    track = [votes(*[probability] * 60) for probability in np.linspace(0.5, 0.999, 30).tolist()]
    enough = [evidence for evidence in track if confirmable(evidence, {}) == 2]
    assert 0 < len(enough) < len(track)
    assert all(1 - evidence.posterior[2] <= ERROR_RATE for evidence in enough)


def test_one_frame_decides_nothing_however_sure_it_is() -> None:
    assert confirmable(votes(1.0), {}) is None
    mostly = votes(*[0.99] * 30, *[1e-9])
    assert mostly.posterior.argmax() == 2


def test_large_views_count_more() -> None:
    small = np.eye(CLASSES, dtype=np.float32)
    evidence = first_vote(small[0], 0.95, 12.0)
    for _ in range(10):
        evidence = another_vote(evidence, small[0], 0.95, 12.0, 1 / FPS)
    for _ in range(5):
        evidence = another_vote(evidence, small[1], 0.95, 64.0, 1 / FPS)
    assert evidence.posterior.argmax() == 1


def test_a_limit_needs_more_where_a_lower_one_is_possible() -> None:
    doubtful = votes(*[0.995] * 60, other=1)
    assert confirmable(doubtful, {}) == 2
    assert confirmable(doubtful, {2: [0, 4]}) == 2
    between = Evidence(np.log([1e-9, 5e-4, 0.9994, 1e-9, 1e-9, 1e-9]), 1.0, 1.0, 1.0)
    assert confirmable(between, {}) == 2
    assert confirmable(between, {2: [1]}) is None
    assert confirmable(between, {1: [2]}) == 2, "a higher one may be in doubt"
