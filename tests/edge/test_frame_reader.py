"""Boxes of which a network is in doubt, and what stands beside them."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.candidates import IN_TURN, STRAYS, CandidateFinder, Candidates
from edge.budget import LEVELS
from edge.frame_reader import CANDIDATE_LIMIT, MOST_DOUBTFUL, FrameReader
from models.catalogue import load_catalogue
from models.classifier import Classifier
from models.companions import LogOdds
from models.weights_record import BUILT_IN, read_record

NOTHING = np.empty((0, 4), np.float32)
SIGN = np.array([[100, 100, 40, 40]], np.float32)
STOP = 14


class Asked:
    """A finder that finds nothing, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.turns: list[tuple[int | None, int]] = []

    def find(
        self, _image: NDArray[np.uint8], _limit: int, *, turn: int | None = None, strays: int = 0, **_: object
    ) -> Candidates:
        self.turns.append((turn, strays))
        return Candidates(NOTHING, np.empty(0, np.float32))


class Bright:
    """To it a crop is the more of a stop sign the brighter it is, with even odds at 128 and e times as much for each
    `step` of grey levels; it counts what it is shown.
    """

    def __init__(self, screen: LogOdds | None = None, step: float = 20.0) -> None:
        self.shown: list[NDArray[np.uint8]] = []
        self._step = step
        catalogue = load_catalogue()
        self._classes = len(catalogue)
        classifier = Classifier(replace(read_record(BUILT_IN), temperature=1.0), "litert", self._logits, screen)
        # It finds nothing by itself: what is looked at is given.
        self.asked = Asked()
        self.reader = FrameReader(catalogue, classifier, cast("CandidateFinder", self.asked))

    def _logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.shown.append(crops)
        logits = np.full((len(crops), self._classes + 1), -50.0, np.float32)
        logits[:, STOP] = (crops.mean(axis=(1, 2, 3)) - 128) / self._step
        logits[:, -1] = 0.0
        return logits

    def judge(self, image: NDArray[np.uint8], boxes: Boxes, expected: Boxes | None) -> Boxes:
        """Where the boxes are after it has looked."""
        candidates = Candidates(boxes, np.zeros(len(boxes), np.float32))
        return self.reader.judge(image, candidates, expected_xywh_px=expected)[0].boxes_xywh_px


def street(*signs: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """Dark, with bright squares."""
    image = np.full((400, 800, 3), 20, np.uint8)
    for x, y, w, h in np.array(signs, int):
        image[y : y + h, x : x + w] = 200
    return image


@pytest.mark.parametrize("box", [(92, 92, 56, 56), (100, 100, 40, 80)])
def test_in_a_drive_a_doubtful_box_gives_way_to_one_beside_that_fits_better(box: tuple[int, int, int, int]) -> None:
    given = np.array([box], np.float32)
    seen = Bright().judge(street(*SIGN), given, NOTHING)
    assert overlaps(SIGN, seen)[0, 0] > overlaps(SIGN, given)[0, 0] + 0.1


def test_a_single_picture_and_what_is_beyond_doubt_are_left_as_they_are() -> None:
    doubtful, dark = np.array([[92, 92, 56, 56]], np.float32), np.array([[500, 50, 40, 40]], np.float32)
    for boxes, expected in ((doubtful, None), (dark, NOTHING)):
        network = Bright()
        np.testing.assert_array_equal(network.judge(street(*SIGN), boxes, expected), boxes)
        assert sum(map(len, network.shown)) == 1


def test_a_doubtful_box_on_a_sign_that_another_box_shows_beyond_doubt_is_left_as_it_is() -> None:
    plain, doubtful = (103, 103, 34, 34), (96, 96, 44, 44)
    for given, looks in (([doubtful], 2), ([plain, doubtful], 1), ([(503, 53, 34, 34), doubtful], 2)):
        network, boxes = Bright(step=5.0), np.array(given, np.float32)
        seen = network.judge(street(SIGN[0], (500, 50, 40, 40)), boxes, NOTHING)
        assert len(network.shown) == looks
        assert (seen[:-1] == boxes[:-1]).all()
        assert (seen[-1] != boxes[-1]).any() == (looks == 2)


def test_of_many_doubtful_boxes_the_likeliest_are_looked_at_again_so_that_time_is_bounded() -> None:
    count = 2 * MOST_DOUBTFUL
    signs = [(20 + 60 * number, 100, 40, 40) for number in range(count)]
    # Each a little larger than the one before, so a little less likely.
    boxes = np.array([(x - grown, y - grown, w + 2 * grown, h + 2 * grown) for grown, (x, y, w, h) in
                      zip(np.linspace(7, 8.5, count), signs, strict=True)], np.float32)  # fmt: skip
    network = Bright()
    seen = network.judge(street(*signs), boxes, NOTHING)
    moved = (seen != boxes).any(axis=1)
    assert moved.tolist() == [True] * MOST_DOUBTFUL + [False] * MOST_DOUBTFUL
    assert len(network.shown[1]) <= 8 * MOST_DOUBTFUL


def test_only_a_drives_frame_has_strays_and_only_where_a_screen_glances_at_them_and_there_is_time() -> None:
    image = street()
    hurried = next(level for level in LEVELS if level.candidate_limit is not None)
    bare, screened = Bright(), Bright(screen=lambda crops: np.zeros(len(crops), np.float32))
    for network in (bare, screened):
        for turn, effort in ((None, LEVELS[0]), (7, LEVELS[0]), (7, hurried)):
            network.reader.find(image, effort, None, None, turn)
    assert bare.asked.turns == [(None, 0), (7, 0), (None, 0)]
    assert screened.asked.turns == [(None, 0), (7, STRAYS), (None, 0)]


def test_what_no_ranker_has_judged_stays_beside_what_is_expected_elsewhere() -> None:
    full = Candidates(
        np.tile(np.array([[500, 50, 40, 40]], np.float32), (CANDIDATE_LIMIT + IN_TURN, 1)),
        np.zeros(CANDIDATE_LIMIT + IN_TURN, np.float32),
    )
    strays = np.tile(np.array([[300, 300, 40, 40]], np.float32), (STRAYS - 1, 1))
    reading = Bright().reader.name(street(*SIGN), (full.beside(strays), 0.0), 0.3, SIGN, None)
    boxes = reading.candidates.boxes_xywh_px
    assert len(boxes) == CANDIDATE_LIMIT + IN_TURN + STRAYS
    assert overlaps(boxes[-1:], SIGN)[0, 0] > 0.5
    assert (boxes[-STRAYS:-1] == strays).all()
