import cv2
import msgspec
import numpy as np
import pytest

from detector.candidates import Candidates
from detector.detections import detect
from detector.tracker import Tracker
from edge.debug_view import FRAME_WIDTH_PX, NOT_A_SIGN, PANEL_WIDTH_PX, draw_insight
from edge.frame_reader import FrameReading
from edge.overlay import CONFIRMED
from edge.reader import Insight
from models.catalogue import BUILT_IN, load_catalogue
from tests.edge.messages import MESSAGE

BLANK = np.full((800, 1360, 3), 128, np.uint8)
CATALOGUE = load_catalogue(BUILT_IN)


def insight_of(frames: int, boxes: list[tuple[float, float, float, float]]) -> Insight:
    """Candidates of which the first is surely a sign of class 2 and the others are none, seen in so many frames."""
    probabilities = np.full((len(boxes), len(CATALOGUE) + 1), 1e-6, np.float32)
    if boxes:
        probabilities[0, 2] = 0.99
        probabilities[1:, -1] = 0.99
    candidates = Candidates(
        np.array(boxes, np.float32).reshape(-1, 4), np.linspace(2, -2, len(boxes), dtype=np.float32)
    )
    detections = detect(candidates, probabilities, 0.3)
    tracker = Tracker()
    tracks = [tracker.update(detections, number / 30, (1360, 800)) for number in range(frames)][-1]
    return Insight(FrameReading(candidates, probabilities, detections, 1.0, 1.0), tracks, 0, CATALOGUE)


def test_candidates_tracks_and_maps_are_all_in_the_picture() -> None:
    image = BLANK.copy()
    cv2.circle(image, (300, 300), 20, (30, 30, 200), 5)
    drawn = draw_insight(image, MESSAGE, insight_of(40, [(280.0, 280.0, 40.0, 40.0), (700.0, 500.0, 60.0, 60.0)]))
    frame = drawn[: round(800 * FRAME_WIDTH_PX / 1360)]
    scale = FRAME_WIDTH_PX / 1360
    edge = frame[round(500 * scale) - 1 : round(500 * scale) + 2, round(730 * scale)].astype(int)
    assert (np.abs(edge - NOT_A_SIGN).max(axis=1) < 60).any(), "the box of what is no sign, in grey"
    panel = drawn[:, FRAME_WIDTH_PX:]
    assert (panel == CONFIRMED).all(axis=2).any(), "the confirmed track is written in its colour"
    maps = drawn[len(frame) :, : FRAME_WIDTH_PX // 4]
    assert maps[..., 0].max() > maps[..., 0].min() + 50, "the red ring stands out in the map of local redness"


@pytest.mark.parametrize("size", [(1, 1), (8, 3000), (3000, 8), (480, 640), (2160, 3840)])
def test_frames_of_any_size_make_a_picture_of_even_sides(size: tuple[int, int]) -> None:
    image = np.zeros((*size, 3), np.uint8)
    drawn = draw_insight(image, msgspec.structs.replace(MESSAGE, size=size[::-1], signs=()), insight_of(1, []))
    assert drawn.shape[1] == FRAME_WIDTH_PX + PANEL_WIDTH_PX
    assert not drawn.shape[0] % 2


def test_tracks_beyond_what_there_is_room_for_are_left_out() -> None:
    insight = insight_of(1, [(40.0, 100.0, 40.0, 40.0)])
    many = Insight(insight.reading, list(insight.tracks) * 30, 0, CATALOGUE)
    few = Insight(insight.reading, list(insight.tracks), 0, CATALOGUE)
    assert draw_insight(BLANK, MESSAGE, few).shape == draw_insight(BLANK, MESSAGE, many).shape, "a video has one size"
