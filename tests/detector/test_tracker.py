from copy import copy

import numpy as np
import pytest

from detector.detections import Detections
from detector.tracker import CONFIRMING_HITS, MAX_GAP_S, Track, Tracker

FPS = 25.0
CLASSES = 5


def seen(*signs: tuple[tuple[float, float, float, float], int, float]) -> Detections:
    """Detections from (box, class, confidence); the rest of the confidence lies on the next class."""
    classes = np.full((len(signs), CLASSES), 0.0, np.float32)
    for row, (_, class_id, confidence) in enumerate(signs):
        classes[row, class_id] = confidence
        classes[row, (class_id + 1) % CLASSES] += 1 - confidence
    boxes = np.array([sign[0] for sign in signs], np.float32).reshape(-1, 4)
    return Detections(boxes, np.full(len(signs), 0.995, np.float32), classes)


def approach(frame: int, top: float = 300.0) -> tuple[float, float, float, float]:
    """A sign that comes nearer along the verge: it grows and moves to the right, ever faster."""
    distance_m = 40.0 - 14.0 * frame / FPS
    side = 700.0 / distance_m
    return 680 + 3000.0 / distance_m, top * 20.0 / distance_m, side, side


def drive(tracker: Tracker, frames: list[Detections], first: int = 0) -> list[list[Track]]:
    """Copies of the tracks after each frame."""
    return [
        [copy(track) for track in tracker.update(detections, (first + number) / FPS)]
        for number, detections in enumerate(frames)
    ]


def test_a_sign_seen_consistently_is_one_track_and_is_confirmed() -> None:
    tracks = drive(Tracker(), [seen((approach(frame), 2, 0.95)) for frame in range(50)])
    assert {track.number for frame in tracks for track in frame} == {1}
    last = tracks[-1][0]
    assert (last.state, last.class_id, last.hits, last.age) == ("confirmed", 2, 50, 50)
    assert last.confidence > 0.95
    assert last.box_xywh_px == pytest.approx(approach(49), rel=0.05)


def test_one_look_confirms_nothing() -> None:
    tracker = Tracker()
    for number in range(CONFIRMING_HITS - 1):
        state = tracker.update(seen((approach(number), 2, 0.999)), number / FPS)[0].state
        assert state == "tentative"


def test_readings_that_disagree_are_never_confirmed() -> None:
    frames = [seen((approach(frame), frame % 3, 0.9)) for frame in range(50)]
    assert all(track.state == "tentative" for tracks in drive(Tracker(), frames) for track in tracks)


def test_a_doubtful_thing_is_never_confirmed() -> None:
    frames = [seen((approach(frame), 1, 0.9)) for frame in range(50)]
    doubtful = [Detections(f.boxes_xywh_px, np.full(1, 0.6, np.float32), f.class_probabilities) for f in frames]
    assert all(track.state == "tentative" for tracks in drive(Tracker(), doubtful) for track in tracks)


def test_missed_frames_are_bridged_under_the_same_number() -> None:
    frames = [seen() if 20 <= frame < 28 else seen((approach(frame), 2, 0.95)) for frame in range(40)]
    tracks = drive(Tracker(), frames)
    assert [track.measured for track in tracks[24]] == [False]
    assert {track.number for frame in tracks for track in frame} == {1}
    assert tracks[-1][0].hits == 32


def test_a_sign_that_left_is_gone() -> None:
    gap = int(MAX_GAP_S * FPS) + 2
    tracks = drive(Tracker(), [seen((approach(frame), 2, 0.95)) for frame in range(20)] + [seen()] * gap)
    assert tracks[-1] == []


def test_two_signs_on_a_pole_never_swap() -> None:
    frames = []
    for number in range(50):
        upper = approach(number)
        lower = (upper[0], upper[1] + 1.05 * upper[3], upper[2], upper[3])
        pair = [(upper, 2, 0.9), (lower, 4, 0.9)]
        frames.append(seen(*(pair if number % 2 else reversed(pair))))
    tracks = drive(Tracker(), frames)
    assert {(track.number, track.class_id) for frame in tracks[5:] for track in frame} in (
        {(1, 2), (2, 4)},
        {(1, 4), (2, 2)},
    )


def test_a_confirmed_class_does_not_flicker() -> None:
    frames = [seen((approach(frame), 3 if frame in (30, 31, 37) else 2, 0.95)) for frame in range(50)]
    tracks = drive(Tracker(), frames)
    assert {track.class_id for frame in tracks[10:] for track in frame} == {2}


def test_numbers_are_never_used_again() -> None:
    tracker = Tracker()
    first = drive(tracker, [seen((approach(0), 2, 0.95))] * 3 + [seen()] * 20)[0][0].number
    again = drive(tracker, [seen((approach(0), 2, 0.95))], first=30)[0][0].number
    assert again > first


def test_a_confirmed_track_that_slips_to_something_unclear_ends() -> None:
    tracker = Tracker()
    sure = [seen((approach(20), 2, 0.99)) for _ in range(8)]
    unclear = [seen((approach(20), 3 + frame % 2, 0.999)) for frame in range(25)]
    before, after = drive(tracker, sure)[-1], drive(tracker, unclear, first=len(sure))
    assert before[0].state == "confirmed"
    confirmed = [track for tracks in after for track in tracks if track.state == "confirmed"]
    assert {track.number for track in confirmed} == {1}
    assert min(track.confidence for track in confirmed) > 0.005
    assert all(track.state == "tentative" and track.number > 1 for track in after[-1])
