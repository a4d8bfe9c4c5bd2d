from copy import copy

import numpy as np
import pytest

from detector.detections import Detections
from detector.evidence import CONFIRMING_HITS
from detector.tracker import MAX_GAP_S, MOST_TRACKS, Track, Tracker

FPS = 25.0
CLASSES = 5
SURE = 0.99999
"""Of a sign, as the network is of most."""


def seen(*signs: tuple[tuple[float, float, float, float], int, float]) -> Detections:
    """Detections from (box, class, confidence); the rest of the confidence lies on the next class."""
    classes = np.full((len(signs), CLASSES), 0.0, np.float32)
    for row, (_, class_id, confidence) in enumerate(signs):
        classes[row, class_id] = confidence
        classes[row, (class_id + 1) % CLASSES] += 1 - confidence
    boxes = np.array([sign[0] for sign in signs], np.float32).reshape(-1, 4)
    return Detections(boxes, np.full(len(signs), SURE, np.float32), classes)


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
    frames = [seen() if 34 <= frame < 42 else seen((approach(frame), 2, 0.99)) for frame in range(54)]
    tracks = drive(Tracker(), frames)
    assert [track.measured for track in tracks[38]] == [False]
    assert {track.number for frame in tracks for track in frame} == {1}
    assert tracks[-1][0].hits == 46


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
    sure = [seen((approach(35), 2, 0.99)) for _ in range(30)]
    unclear = [seen((approach(35), 3 + frame % 2, 0.999)) for frame in range(120)]
    before, after = drive(tracker, sure)[-1], drive(tracker, unclear, first=len(sure))
    assert before[0].state == "confirmed"
    confirmed = [track for tracks in after for track in tracks if track.state == "confirmed"]
    assert {track.number for track in confirmed} == {1}
    assert min(track.confidence for track in confirmed) > 0.005
    assert all(track.state == "tentative" and track.number > 1 for track in after[-1])


def test_a_sign_that_goes_out_of_the_picture_has_left_and_one_that_vanishes_is_lost() -> None:
    for size, reason in (((760, 500), "left"), ((5000, 3000), "lost")):
        tracker = Tracker()
        ends = []
        for number in range(60):
            frame = seen((approach(30 + number), 2, 0.95)) if number < 15 else seen()
            tracker.update(frame, number / FPS, size)
            ends += [(ended.track.number, ended.reason) for ended in tracker.ended]
        assert ends == [(1, reason)]


def test_numbers_hold_while_the_camera_shakes_by_as_much_as_two_signs_are_apart() -> None:
    generator = np.random.default_rng(0)
    tracker = Tracker()
    owners: dict[int, set[int]] = {}
    for number in range(60):
        distance = 80.0 - 20 * number / FPS
        side, shake = 1200 / distance, generator.normal(0, 3, 2)
        upper = (700 + 3000 / distance + shake[0], 350 + shake[1], side, side)
        lower = (upper[0], upper[1] + 1.1 * side, side, side)
        missing = number % 4 if number >= 10 else None
        signs = [sign for place, sign in enumerate([(upper, 2, 0.9), (lower, 2, 0.9)]) if place != missing]
        tracks = tracker.update(seen(*signs), number / FPS, (1360, 800))
        for track in tracks:
            if track.measured:
                above = abs(track.box_xywh_px[1] - upper[1]) < abs(track.box_xywh_px[1] - lower[1])
                owners.setdefault(track.number, set()).add(int(above))
    assert sorted(map(sorted, owners.values())) == [[0], [1]]


def test_a_sign_that_shoots_out_at_the_edge_and_one_that_jumps_keep_their_number() -> None:
    frames = []
    for number in range(40):
        x, y, w, h = approach(10 + number)
        jump = 0.6 * w if number >= 20 else 0.0
        frames.append(seen(((x + jump, y, w, h), 2, 0.95)))
    tracks = drive(Tracker(), frames)
    assert {track.number for frame in tracks for track in frame} == {1}


def test_a_class_that_was_confirmed_changes_on_strong_evidence_and_says_so() -> None:
    tracker = Tracker()
    small = [seen(((300.0, 300.0, 24.0, 24.0), 2, 0.99)) for _ in range(25)]
    large = [seen(((300.0, 300.0, 25.0 + n, 25.0 + n), 4, 0.9999)) for n in range(60)]
    before = drive(tracker, small)[-1][0]
    after = drive(tracker, large, first=len(small))
    assert (before.confirmed_class, before.former_class) == (2, None)
    classes = [tracks[0].class_id for tracks in after if tracks[0].state == "confirmed"]
    changes = np.flatnonzero(np.diff(classes))
    assert len(changes) <= 1, "it never goes back and forth"
    assert after[4][0].class_id == 2, "a few frames aren't strong evidence"
    assert all(tracks[0].former_class == 2 for tracks in after if tracks[0].confirmed_class == 4)


def test_a_part_of_a_sign_is_no_second_sign() -> None:
    frames = [seen(((300.0, 300.0, 60.0, 60.0), 2, 0.95), ((320.0, 320.0, 20.0, 20.0), 4, 0.95)) for _ in range(20)]
    tracker = Tracker()
    drive(tracker, [seen(((300.0, 300.0, 60.0, 60.0), 2, 0.95))])
    assert len(drive(tracker, frames, first=1)[-1]) == 1


def test_a_poor_box_on_a_signs_way_makes_no_track_that_takes_over_its_detections() -> None:
    tracker = Tracker()
    drive(tracker, [seen((approach(frame), 2, 0.99)) for frame in range(20)])
    x, y, w, h = approach(20)
    begun = drive(tracker, [seen((approach(20), 2, 0.99), ((x + 0.45 * w, y + 0.7 * h, w, h), 2, 0.9))], 20)
    assert len(begun[0]) == 2
    after = drive(tracker, [seen((approach(frame), 2, 0.99)) for frame in range(21, 26)], 21)
    assert [track.number for track in after[-1]] == [1], "gone while it would still have been bridged"


@pytest.mark.parametrize(("class_id", "tracks"), [(2, [1]), (3, [1, 2])])
def test_a_second_box_of_a_sign_is_that_sign_and_another_sign_stays(class_id: int, tracks: list[int]) -> None:
    tracker = Tracker()
    box = (300.0, 300.0, 30.0, 30.0)
    drive(tracker, [seen((box, 2, 0.99)) for _ in range(20)])
    both = drive(tracker, [seen((box, 2, 0.99), ((310.0, 311.0, 30.0, 30.0), class_id, 0.99)) for _ in range(6)], 20)
    assert [track.number for track in both[-1] if track.number == 1 or track.class_id == class_id] == tracks


def test_a_sign_does_not_slip_onto_the_other_one_on_its_pole() -> None:
    tracker = Tracker()
    upper, lower = (300.0, 300.0, 24.0, 24.0), (302.0, 316.0, 20.0, 20.0)
    drive(tracker, [seen((upper, 2, 0.99)) for _ in range(20)])
    drive(tracker, [seen((lower, 4, 0.99)) for _ in range(4)], 20)
    after = drive(tracker, [seen((upper, 2, 0.99), (lower, 4, 0.99)) for _ in range(6)], 24)[-1]
    assert [(track.number, track.class_id, track.box_xywh_px[1] < 308) for track in after] == [
        (1, 2, True),
        (2, 4, False),
    ]


def test_a_picture_full_of_detections_begins_no_more_tracks_than_can_be_followed() -> None:
    places = [(((30.0 * column, 30.0 * row, 20.0, 20.0), 2, 0.9)) for column in range(20) for row in range(20)]
    assert len(Tracker().update(seen(*places), 0.0)) == MOST_TRACKS


def test_what_is_seen_only_now_and_then_is_never_confirmed() -> None:
    frames = [seen() if frame % 5 else seen(((300.0, 300.0, 60.0, 60.0), 2, 0.999)) for frame in range(100)]
    tracks = drive(Tracker(), frames)
    assert max(track.hits for track in tracks[-1]) == 20
    assert all(track.state == "tentative" for frame in tracks for track in frame)


def test_a_limit_is_confirmed_later_where_a_lower_one_is_not_ruled_out() -> None:
    frames = [seen((approach(frame), 2, 0.95)) for frame in range(60)]
    confirmed = [
        sum(tracks[0].state == "confirmed" for tracks in drive(Tracker(limits), frames))
        for limits in (None, {2: 50.0, 3: 80.0}, {2: 50.0, 3: 30.0})
    ]
    assert confirmed[0] == confirmed[1] > confirmed[2]


def test_a_sign_that_is_not_seen_stays_put_whatever_speed_the_others_were_thought_to_have() -> None:
    """The first one is alone while the camera turns, so the turn counts as its own motion until a second one comes."""
    tracker = Tracker()
    standing = (420.0, 350.0, 22.0, 22.0)
    for number in range(70):
        turned = -8.0 * min(number, 15)
        side = 1200 / (60 - 14 * number / FPS)
        signs = [((900 + side + turned, 350 - side, side, side), 2, 0.95)]
        if number > 15:
            signs.append(((800 + side / 2 + turned, 200 - side / 2, side, side), 3, 0.95))
            if number % 20 < 14:
                signs.append((standing, 4, 0.95))
        tracks = tracker.update(seen(*signs), number / FPS, (1360, 800))
        if number > 30:
            assert len(tracks) == 3
            assert tracks[2].box_xywh_px == pytest.approx(standing, abs=6)


def test_what_looks_like_a_sign_in_most_frames_but_not_in_all_is_never_confirmed() -> None:
    """Yellow leaves that are read as a priority road: nearly sure in three frames of five, doubtful in the others."""
    frames = []
    for number in range(60):
        found = seen(((300.0, 300.0, 30.0, 30.0), 2, 1.0))
        existence = np.full(1, 0.85 if number % 5 in (2, 4) else 0.9995, np.float32)
        frames.append(Detections(found.boxes_xywh_px, existence, found.class_probabilities))
    assert all(track.state == "tentative" for tracks in drive(Tracker(), frames) for track in tracks)


def test_where_the_signs_should_be_is_where_they_then_are() -> None:
    tracker = Tracker()
    drive(tracker, [seen((approach(frame), 2, 0.95), ((30.0, 300.0, 20.0, 20.0), 3, 0.9)) for frame in range(20)])
    expected = tracker.expected(20 / FPS, (1360, 800))
    assert expected[0] == pytest.approx(approach(20), abs=2)
    assert expected[1] == pytest.approx((30, 300, 20, 20), abs=2)
    assert len(tracker.expected(20 / FPS, (700, 800))) == 1, "what has left the picture is not looked for"
    assert Tracker().expected(0.0, (1360, 800)).shape == (0, 4)


@pytest.mark.parametrize(("classes", "confirmed"), [([2], 1), ([2, 2], 2), ([2] * 6, 0), ([0, 1, 2, 3, 4, 0], 6)])
def test_what_repeats_in_a_picture_is_no_sign(classes: list[int], confirmed: int) -> None:
    frames = [
        seen(*(((100.0 + 150 * place, 300.0, 32.0, 32.0), class_id, 0.999) for place, class_id in enumerate(classes)))
        for _ in range(40)
    ]
    last = drive(Tracker(), frames)[-1]
    assert [track.state for track in last].count("confirmed") == confirmed
