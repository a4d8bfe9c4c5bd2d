import cv2
import numpy as np
import pytest

from calibration.adjustment import Problem, Solution, View, adjust, rms, standard_deviations
from calibration.board import BEND_TERMS, Board
from calibration.camera import Camera
from calibration.errors import ViewsError
from calibration.intrinsics import Calibration, calibrate
from calibration.straightness import straightness
from tests.calibration.boards import BOARD, FISHEYE, PINHOLE, poses, views

BENT = np.zeros(BEND_TERMS)
BENT[:3] = 0.12, 0.02, -0.06
"""As paper on a wall: a fifth of a square."""


def figures(camera: Camera) -> np.ndarray:
    matrix = camera.matrix
    return np.array([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], *camera.distortion])


def off_by(calibration: Calibration, truth: Camera) -> np.ndarray:
    """How many standard deviations each figure is away from the truth."""
    accuracy = calibration.camera.accuracy
    assert accuracy is not None
    stds = np.array([*accuracy.matrix_std_px, *accuracy.distortion_std])
    return np.asarray(np.abs(figures(calibration.camera) - figures(truth)) / stds)


def test_least_squares_and_deviations_are_those_of_opencv() -> None:
    seen = views(PINHOLE, poses(10))
    on_board = np.concatenate([BOARD.corners, np.zeros((54, 1))], axis=1).astype(np.float32)
    error, matrix, _, turns, places, stds, _, _ = cv2.calibrateCameraExtended(
        [on_board] * 10,
        [view.points_px.astype(np.float32)[:, None] for view in seen],
        PINHOLE.size_px,
        np.eye(3),
        np.zeros(5),
    )
    start = Solution(
        np.array([500.0, 500, 320, 180, 0, 0, 0, 0, 0]),
        np.zeros(2),
        np.zeros((0, BEND_TERMS)),
        np.stack([np.concatenate([turn.ravel(), place.ravel()]) for turn, place in zip(turns, places, strict=True)]),
    )
    problem = Problem(BOARD, "pinhole", seen, np.zeros(10, np.intp))
    solution = adjust(problem, start)
    assert rms(problem.errors(solution)) == pytest.approx(error, rel=1e-4)
    np.testing.assert_allclose(solution.intrinsics[:4], matrix[[0, 1, 0, 1], [0, 1, 2, 2]], atol=0.05)
    np.testing.assert_allclose(standard_deviations(problem, solution), stds.ravel()[:9], rtol=0.01)


@pytest.mark.parametrize(
    ("camera", "places"),
    [(PINHOLE, poses(14)), (FISHEYE, poses(16, near=6, far=12, aside=1.2))],
    ids=["pinhole", "fisheye"],
)
def test_a_camera_is_found_again(camera: Camera, places: np.ndarray) -> None:
    found = calibrate(BOARD, views(camera, places), camera.size_px, camera.model)
    accuracy = found.camera.accuracy
    assert accuracy is not None
    assert off_by(found, camera).max() < 4
    assert accuracy.rms_px == pytest.approx(0.1 * np.sqrt(2), rel=0.1)
    assert accuracy.rms_px < accuracy.held_out_rms_px < 1.1 * accuracy.rms_px
    assert not len(found.heights), "a flat board needs no shape"
    assert straightness(found, flattened=False).rms_px < 0.15


def test_a_bent_board_is_seen_through() -> None:
    seen = views(PINHOLE, poses(16), bend=BENT)
    found = calibrate(BOARD, seen, PINHOLE.size_px)
    flat = calibrate(BOARD, seen, PINHOLE.size_px, flat=True)
    assert off_by(found, PINHOLE).max() < 4
    assert off_by(flat, PINHOLE).max() > 5, "the bend would have been taken for the lens"
    assert found.flat_rms_px == pytest.approx(rms(flat.problem.errors(flat.solution)))
    assert np.ptp(found.heights) == pytest.approx(0.17, abs=0.05)
    assert straightness(found, flattened=True).rms_px < straightness(found, flattened=False).rms_px


def test_a_board_hung_up_anew_has_a_new_shape() -> None:
    places = poses(16)
    seen = views(PINHOLE, places[:7], bend=BENT) + views(PINHOLE, places[7:], bend=-BENT, first=7)
    found = calibrate(BOARD, seen, PINHOLE.size_px)
    assert found.problem.shapes.tolist() == [0] * 7 + [1] * 9
    assert off_by(found, PINHOLE).max() < 4


def test_a_bad_view_is_left_out_with_the_reason() -> None:
    seen = views(PINHOLE, poses(12))
    bad = View("bad", seen[4].points_px + np.random.default_rng(5).normal(0, 3, (54, 2)), seen[4].corners)
    found = calibrate(BOARD, [*seen[:4], bad, *seen[5:]], PINHOLE.size_px)
    assert list(found.left_out) == ["bad"]
    assert "px off, others'" in found.left_out["bad"]
    assert off_by(found, PINHOLE).max() < 4


def test_a_view_seen_in_part_counts() -> None:
    seen = views(PINHOLE, poses(12))
    part = View("part", seen[0].points_px[10:40], seen[0].corners[10:40])
    found = calibrate(BOARD, [part, *seen[1:]], PINHOLE.size_px)
    assert found.problem.views[0].name == "part"
    assert off_by(found, PINHOLE).max() < 4


@pytest.mark.parametrize("count", [0, 1, 4])
def test_few_views_cannot_tell(count: int) -> None:
    with pytest.raises(ViewsError, match=rf"{count} views? of the board can't tell.*take 10 to 20"):
        calibrate(BOARD, views(PINHOLE, poses(max(count, 1)))[:count], PINHOLE.size_px)


def test_the_same_view_again_tells_nothing_new() -> None:
    one = views(PINHOLE, poses(1))[0]
    again = [View(f"{number}", one.points_px + 0.01 * number, one.corners) for number in range(9)]
    with pytest.raises(ViewsError, match=r"1 view of the board \(8 more show it in the same place\) can't tell"):
        calibrate(BOARD, again, PINHOLE.size_px)


def test_views_that_are_never_tilted_cannot_tell() -> None:
    places = poses(9)
    places[:, :2] *= 0.01
    with pytest.raises(ViewsError, match=r"too much alike to tell the focal length.*tilted by 20 to 40 degrees"):
        calibrate(BOARD, views(PINHOLE, places, noise_px=0.3), PINHOLE.size_px)


@pytest.mark.parametrize(("columns", "rows"), [(2, 6), (9, 100)])
def test_a_board_that_cannot_be_used_is_refused(columns: int, rows: int) -> None:
    with pytest.raises(ValueError, match=f"{columns}x{rows} inner corners can't be used"):
        Board(columns, rows)
