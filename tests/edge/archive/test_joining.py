"""Joins that fit and joins that don't, by results as workers send them."""

import msgspec
import numpy as np
import pytest

from calibration.cast import Cast, DriveCast
from edge.archive.joining import TAIL_FRAMES, WHOLE, Joined, join, planned
from edge.archive.piece import Blank, Look, Piece, PieceResult
from edge.archive.sightings import Sighting, View
from edge.archive.survey import Anchor, Camera
from edge.messages import Sign

FPS = 10
CAMERA = Camera(None, 300, 10.0, (Anchor(100, 10.0), Anchor(200, 20.0)))
FIRST, SECOND, THIRD = planned(CAMERA)
GREY = Cast(0.0, 0.0, 0.0)
SIGN = Sign(
    track=1, state="confirmed", class_id=14, code="206", name="Stop", category="other", value=None, unit=None,
    confidence=1.0, box=(1.0, 2.0, 30.0, 30.0), hits=3, age=3, measured=True, bearing_deg=None, distance_m=None,
)  # fmt: skip


def sighting(track: int, first: int, last: int) -> Sighting:
    views = tuple(View(number, number / FPS, SIGN.box) for number in range(first, last + 1))
    sign = msgspec.structs.replace(SIGN, track=track)
    return Sighting(sign, sign, views, views[-1], 0, first / FPS, 0, None, b"")


def result(
    first: int,
    last: int,
    seen: dict[int, tuple[int, int]],
    *,
    ended: bool = False,
    fault: str | None = None,
    casts: dict[int, Cast] | None = None,
    other_pictures: bool = False,
    missing: int | None = None,
    light: DriveCast | None = None,
    begun: int = 0,
) -> PieceResult:
    """Of a piece that read these frames and followed `seen`: of each track its first and last frame."""
    numbers = np.array([number for number in range(first, last + 1) if number != missing])
    blanks: list[Blank] = []
    for number in numbers.tolist():
        if not any(start <= number <= end for start, end in seen.values()):
            tracks = begun + sum(start <= number for start, _ in seen.values())
            goes_on = blanks and blanks[-1].last == number - 1 and blanks[-1].begun == tracks
            begins = blanks.pop().first if goes_on else number
            blanks.append(Blank(begins, number, number / FPS, tracks))
    drive = light or DriveCast()
    gains, looks = drive.gains, []
    for number in numbers.tolist():
        if drive.counts(number / FPS):
            cast = (casts or {}).get(number, GREY)
            drive.note(cast, number / FPS)
            looks.append(Look(number, number / FPS, cast, drive.gains))
    return PieceResult(
        sightings=tuple(sighting(track, start, end) for track, (start, end) in seen.items()),
        blanks=tuple(blanks),
        looks=tuple(looks),
        degraded=((first, ("blurred",)),) if first == 0 else (),
        numbers=numbers.astype(np.int64).tobytes(),
        digests=(numbers + other_pictures).astype(np.uint32).tobytes(),
        first_gains=gains,
        last_s=last / FPS,
        ended=ended,
        fault=fault,
        processing_s=1.0,
    )


def tracks(joined: object) -> list[tuple[int, int, int]]:
    assert isinstance(joined, Joined)
    return [(seen.sign.track, seen.views[0].frame, seen.views[-1].frame) for seen in joined.sightings]


LAST = result(200, 299, {1: (240, 250)}, ended=True)


def test_pieces_are_all_asked_for_at_once() -> None:
    assert join(CAMERA, {}) == [FIRST, SECOND, THIRD]
    assert [piece.until for piece in (FIRST, SECOND, THIRD)] == [100, 200, None]
    assert FIRST.most == 100 + TAIL_FRAMES


def test_a_sign_across_a_join_is_counted_once_and_numbers_go_on() -> None:
    first = result(0, 111, {1: (10, 20), 2: (90, 110)})
    second = result(100, 200, {1: (100, 110), 2: (150, 160)})
    joined = join(CAMERA, {FIRST: first, SECOND: second, THIRD: LAST})
    assert tracks(joined) == [(1, 10, 20), (2, 90, 110), (3, 150, 160), (4, 240, 250)]
    assert isinstance(joined, Joined)
    assert (joined.frames, joined.degraded, joined.pieces) == (300, {"blurred": 112}, 3)


def test_where_the_next_piece_followed_something_the_stretch_is_read_anew() -> None:
    first = result(0, 111, {1: (90, 110)})
    second = result(100, 200, {1: (100, 130), 2: (150, 160)})  # it went on with what one pass had given up
    results = {FIRST: first, SECOND: second, THIRD: LAST}
    (anew,) = join(CAMERA, results)  # type: ignore[misc]
    assert isinstance(anew, Piece) and (anew.anchor, anew.after_anchor, anew.until) == (Anchor(111, 11.1), True, 131)
    light = DriveCast(anew.light) if anew.light else None
    results[anew] = result(112, 131, {1: (120, 125)}, light=light)
    assert tracks(join(CAMERA, results)) == [(1, 90, 110), (2, 120, 125), (3, 150, 160), (4, 240, 250)]


def test_a_piece_that_never_came_to_rest_is_gone_on_with_from_where_it_did() -> None:
    first = result(0, 150, {1: (90, 150)})
    (anew,) = join(CAMERA, {FIRST: first, SECOND: result(100, 200, {1: (100, 180)}), THIRD: LAST})  # type: ignore[misc]
    assert isinstance(anew, Piece) and anew.anchor == Anchor(89, 8.9) and anew.most is None


def test_a_piece_that_took_the_light_for_another_is_read_anew_with_the_right_one() -> None:
    tint = Cast(-1.5, 0.0, 1.5)
    drive = DriveCast()
    first = result(0, 100, {}, casts=dict.fromkeys(range(300), tint), light=drive)
    assert drive.gains is not None
    second = result(100, 200, {1: (150, 160)}, casts=dict.fromkeys(range(300), tint))
    results = {FIRST: first, SECOND: second, THIRD: LAST}
    (anew,) = join(CAMERA, results)  # type: ignore[misc]
    assert isinstance(anew, Piece) and anew.light == drive.memory and anew.until == SECOND.until


@pytest.mark.parametrize(
    "second",
    [
        result(100, 200, {1: (150, 160)}, other_pictures=True),
        PieceResult(jump_missed=True),
        result(100, 200, {}, missing=102),
    ],
    ids=["other pictures", "the anchor wasn't met", "a frame is missing"],
)
def test_what_can_not_be_jumped_into_is_read_in_one_piece(second: PieceResult) -> None:
    results = {FIRST: result(0, 103, {}), SECOND: second, THIRD: LAST}
    assert join(CAMERA, results) == [WHOLE]
    results[WHOLE] = result(0, 299, {1: (150, 160)}, ended=True)
    assert tracks(join(CAMERA, results)) == [(1, 150, 160)]


def test_a_recording_ends_where_one_pass_would_end() -> None:
    crashed = PieceResult(ended=True, fault="its reader crashed")
    joined = join(CAMERA, {FIRST: result(0, 100, {1: (10, 20)}), SECOND: crashed, THIRD: LAST})
    assert isinstance(joined, Joined) and joined.fault == "its reader crashed"
    assert (tracks(joined), joined.frames) == ([(1, 10, 20)], 101)
