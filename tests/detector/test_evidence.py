"""What frames of one track are worth, and when they are enough."""

import numpy as np
import pytest

from detector.evidence import (
    CORRELATION,
    NO_SIGN_RATE,
    PRIOR_ODDS,
    WRONG_CLASS_RATE,
    Evidence,
    another_vote,
    confirmable,
    first_vote,
)

CLASSES = 5
FPS = 30.0
SURE = 0.99999


def votes(
    *probabilities: float,
    existence: float = SURE,
    side_px: float = 32.0,
    class_id: int = 2,
    other: int = 3,
    fps: float = FPS,
) -> Evidence:
    """Frames in which the class has so much, given that it is a sign, and another one the rest."""
    evidence = None
    for probability in probabilities:
        shares = np.zeros(CLASSES, np.float32)
        shares[class_id], shares[other] = probability, 1 - probability
        if evidence is None:
            evidence = first_vote(shares, existence, side_px)
        else:
            evidence = another_vote(evidence, shares, existence, side_px, 1 / fps)
    assert evidence is not None
    return evidence


def test_probabilities_are_of_all_classes_and_no_sign() -> None:
    evidence = votes(0.9)
    assert evidence.class_shares.sum() == pytest.approx(1)
    assert evidence.class_shares[2] == pytest.approx(0.9, abs=0.01), "one frame is taken for what it says"
    assert evidence.posterior == pytest.approx(evidence.existence * evidence.class_shares)


def test_a_network_that_is_nearly_sure_of_a_sign_is_believed_less_than_that() -> None:
    beliefs = [votes(1.0, existence=existence).existence for existence in (0.5, 0.9, 0.99, 0.9999, 1.0)]
    assert beliefs == sorted(beliefs)
    assert beliefs[1] < 0.15, "of what it is .9 sure of, little is a sign"
    assert 0.6 < beliefs[3] < 0.95


def test_what_is_large_when_it_is_first_seen_is_less_likely_a_sign() -> None:
    far, near, sudden = (votes(1.0, side_px=side_px).existence for side_px in (32.0, 64.0, 128.0))
    assert far == pytest.approx(near)
    assert sudden / (1 - sudden) == pytest.approx(near / (1 - near) / 4)
    grown = another_vote(votes(1.0), np.full(CLASSES, 1 / CLASSES, np.float32), SURE, 128.0, 1 / FPS)
    assert grown.prior_odds == PRIOR_ODDS, "it has been seen from farther away"


def test_frames_of_one_sign_are_worth_ever_less() -> None:
    looks = [votes(*[0.9] * count).looks for count in (1, 2, 10, 100, 1000)]
    assert looks[0] == 1
    assert looks == sorted(looks)
    assert looks[1] < 1.2 and looks[2] > 1.5 and looks[-1] < 1 / CORRELATION
    assert votes(*[0.9] * 5, fps=5).looks > votes(*[0.9] * 5, fps=60).looks, "what counts is the time between them"


def test_sure_readings_are_enough_after_a_while_and_doubtful_ones_never() -> None:
    assert confirmable(votes(*[0.999] * 3), {}) is None
    assert confirmable(votes(*[0.999] * 30), {}) == 2
    assert confirmable(votes(*[0.6] * 1000), {}) is None, "which sign it is stays in doubt"
    assert confirmable(votes(*[0.999] * 1000, existence=0.99), {}) is None, "whether it is one does"


@pytest.mark.parametrize("seed", range(3))
def test_what_is_enough_leaves_no_more_doubt_than_the_rates(seed: int) -> None:
    generator = np.random.default_rng(seed)
    enough = []
    for doubt, least in zip(generator.uniform(-7, -1, 40), generator.uniform(-4, -0.3, 40), strict=True):
        evidence = votes(*[1 - 10**least] * 60, existence=1 - 10**doubt)
        if confirmable(evidence, {}) == 2:
            enough.append(evidence)
    assert 0 < len(enough) < 40
    assert all(1 - evidence.existence <= NO_SIGN_RATE for evidence in enough)
    assert all(1 - evidence.class_shares[2] <= WRONG_CLASS_RATE for evidence in enough)


def test_one_frame_decides_nothing_however_sure_it_is() -> None:
    assert confirmable(votes(1.0, existence=1.0), {}) is None
    mostly = votes(*[0.99] * 30, *[1e-9])
    assert mostly.posterior.argmax() == 2


def test_large_views_count_more() -> None:
    classes = np.eye(CLASSES, dtype=np.float32)
    evidence = first_vote(classes[0], SURE, 12.0)
    for _ in range(10):
        evidence = another_vote(evidence, classes[0], SURE, 12.0, 1 / FPS)
    for _ in range(5):
        evidence = another_vote(evidence, classes[1], SURE, 64.0, 1 / FPS)
    assert evidence.posterior.argmax() == 1


def test_a_small_view_does_not_show_which_sign_it_is() -> None:
    far, near = (votes(*[0.99] * 30, side_px=side_px) for side_px in (14.0, 32.0))
    assert far.existence == pytest.approx(near.existence), "that it is one it shows"
    assert confirmable(far, {}) is None
    assert confirmable(near, {}) == 2


def test_a_limit_needs_more_where_a_lower_one_is_possible() -> None:
    doubtful = votes(*[0.995] * 60, other=1)
    assert confirmable(doubtful, {}) == 2
    assert confirmable(doubtful, {2: [0, 4]}) == 2
    between = Evidence(20.0, np.log([1e-9, 4e-4, 0.9996, 1e-9, 1e-9]), 1.0, 1.0, PRIOR_ODDS)
    assert confirmable(between, {}) == 2
    assert confirmable(between, {2: [1]}) is None
    assert confirmable(between, {1: [2]}) == 2, "a higher one may be in doubt"


def test_what_a_frame_shows_over_and_over_needs_more_to_be_signs() -> None:
    enough = votes(*[0.999] * 30, existence=0.9999)
    assert confirmable(enough, {}, alike=2) == 2
    assert confirmable(enough, {}, alike=3) is None
    clear = votes(*[0.999] * 90, existence=1 - 1e-7)
    assert [confirmable(clear, {}, alike=alike) for alike in (3, 4, 9)] == [2, 2, 2], "a limit over each lane"
