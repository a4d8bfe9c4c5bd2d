"""The sample drive is repeatable, its truth fits its pixels, and its signs are told apart."""

import json
from itertools import combinations, islice, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.mounting import Mounting
from edge.sample_drive import SampleDrive, TrueSign, draw_sign, write_drive
from edge.sample_drive.lens import usual_mounting

SMALL_WH = (640, 360)
RED_RINGS = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16}
TRIANGLES = {11, *range(18, 32)}
BLUE_DISCS = set(range(33, 41))
ENDS = {6, 32, 41, 42}
Drawn = tuple[NDArray[np.uint8], list[TrueSign]]


@pytest.fixture(scope="module")
def ten_seconds() -> list[Drawn]:
    """Render a short drive, two frames a second."""
    return list(SampleDrive(seed=7, size=SMALL_WH, fps=2.0, seconds=10.0).frames())


def share_of_colour(picture: NDArray[np.uint8], sign: TrueSign, colour: str) -> float:
    """Give the share of the box's pixels that are clearly red, blue or yellow."""
    x, y, width, height = sign.box_xywh_px
    box = picture[round(y) : round(y + height), round(x) : round(x + width)].astype(int)
    blue, green, red = box[..., 0], box[..., 1], box[..., 2]
    matches = {
        "red": (red > green + 35) & (red > blue + 25),
        "blue": (blue > red + 35) & (blue > green + 20),
        "yellow": (red > blue + 60) & (green > blue + 40),
    }[colour]
    return float(matches.mean())


def test_the_same_seed_gives_the_same_pixels_and_truth() -> None:
    first = list(SampleDrive(seed=3, size=SMALL_WH, seconds=0.12).frames())
    second = list(SampleDrive(seed=3, size=SMALL_WH, seconds=0.12).frames())
    assert len(first) == 3
    for (one, one_truth), (other, other_truth) in zip(first, second, strict=True):
        assert np.array_equal(one, other)
        assert one_truth == other_truth


def test_another_seed_gives_another_layout() -> None:
    (picture, truth), (other_picture, other_truth) = (
        next(SampleDrive(seed=seed, size=SMALL_WH).frames()) for seed in (1, 2)
    )
    assert [sign.class_id for sign in truth] != [sign.class_id for sign in other_truth]
    assert np.abs(picture.astype(int) - other_picture).mean() > 5.0


@pytest.mark.parametrize("seed", [7, 8])
def test_the_whole_drive_shows_every_family_of_signs(seed: int) -> None:
    drive = SampleDrive(seed=seed, size=SMALL_WH, fps=0.5)
    seen = {sign.sign: sign.class_id for _, truth in drive.frames() for sign in truth}
    classes = set(seen.values())
    assert len(seen) >= 16
    assert len(classes & RED_RINGS) >= 4
    assert len(classes & TRIANGLES) >= 3
    assert classes & BLUE_DISCS
    assert classes & ENDS
    assert {12, 13, 14} <= classes


def test_a_frame_is_bgr_bytes_of_the_size_asked_for(ten_seconds: list[Drawn]) -> None:
    for picture, _ in ten_seconds:
        assert picture.shape == (360, 640, 3)
        assert picture.dtype == np.uint8


def test_a_sign_grows_and_nears_from_frame_to_frame(ten_seconds: list[Drawn]) -> None:
    histories: dict[int, list[TrueSign]] = {}
    for _, truth in ten_seconds:
        for sign in truth:
            histories.setdefault(sign.sign, []).append(sign)
    assert max(len(history) for history in histories.values()) >= 4
    for history in histories.values():
        assert len({sign.class_id for sign in history}) == 1
        for earlier, later in pairwise(history):
            assert later.distance_m < earlier.distance_m
            assert later.box_xywh_px[2] > earlier.box_xywh_px[2]


def test_the_size_of_a_box_follows_from_its_distance(ten_seconds: list[Drawn]) -> None:
    focal_px = 1.05 * SMALL_WH[0]
    discs = [s for _, truth in ten_seconds for s in truth if s.class_id in RED_RINGS | BLUE_DISCS]
    assert discs
    for sign in discs:
        assert sign.box_xywh_px[3] == pytest.approx(focal_px * 0.6 / sign.distance_m, rel=0.12)


def test_every_listed_sign_is_at_least_eight_pixels_and_visible(ten_seconds: list[Drawn]) -> None:
    for _, truth in ten_seconds:
        for sign in truth:
            assert max(sign.box_xywh_px[2:]) >= 8.0
            assert 0.0 < sign.visible <= 1.0


def test_a_box_that_reaches_out_of_the_picture_is_partly_visible() -> None:
    drive = SampleDrive(seed=7, size=SMALL_WH, fps=25.0, seconds=3.0)
    cut = [
        sign
        for _, truth in islice(drive.frames(), 40, 75)
        for sign in truth
        if sign.box_xywh_px[0] + sign.box_xywh_px[2] > SMALL_WH[0]
    ]
    assert cut
    assert all(sign.visible < 1.0 for sign in cut)


def test_the_pixels_in_a_box_show_the_colours_of_its_sign(ten_seconds: list[Drawn]) -> None:
    checked = 0
    for picture, truth in ten_seconds:
        for sign in truth:
            if sign.visible < 1.0 or sign.box_xywh_px[2] < 20.0:
                continue
            for family, colour, least in (
                (RED_RINGS | {13}, "red", 0.15),
                (TRIANGLES, "red", 0.12),
                ({14, 17}, "red", 0.35),
                (BLUE_DISCS, "blue", 0.35),
                ({12}, "yellow", 0.10),
            ):
                if sign.class_id in family:
                    assert share_of_colour(picture, sign, colour) > least, sign
                    checked += 1
    assert checked >= 8


def test_every_class_is_drawn_inside_its_outline_only() -> None:
    for class_id in range(43):
        drawn = draw_sign(class_id, 64)
        assert drawn.shape == (64, 64, 4)
        assert drawn.dtype == np.uint8
        assert not drawn[[0, 0, -1, -1], [0, -1, 0, -1], 3].any(), class_id
        assert drawn[32, 32, 3] == 255, class_id


def test_no_two_classes_look_alike() -> None:
    drawn = [draw_sign(class_id, 32).astype(int) for class_id in range(43)]
    for one, other in combinations(range(43), 2):
        assert np.abs(drawn[one] - drawn[other]).mean() > 0.9, (one, other)


def test_the_edge_of_a_sign_is_anti_aliased() -> None:
    alpha = draw_sign(1, 48)[..., 3]
    assert len(np.unique(alpha)) > 8


@pytest.mark.parametrize(("class_id", "size_px"), [(-1, 64), (43, 64), (1, 0), (1, 7), (1, 4096)])
def test_a_sign_that_cannot_be_drawn_is_refused(class_id: int, size_px: int) -> None:
    with pytest.raises(ValueError, match="must be from"):
        draw_sign(class_id, size_px)


def test_a_drive_that_cannot_be_rendered_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        SampleDrive(size=(640, 0))
    with pytest.raises(ValueError, match="fps"):
        SampleDrive(fps=0.0)
    with pytest.raises(ValueError, match="seconds"):
        SampleDrive(seconds=-1.0)
    with pytest.raises(ValueError, match="seed"):
        SampleDrive(seed=-1)


def test_a_written_drive_reads_back_with_a_line_of_truth_a_frame(tmp_path: Path) -> None:
    drive = SampleDrive(seed=7, size=SMALL_WH, fps=10.0, seconds=1.2)
    video, truth = tmp_path / "drive.mp4", tmp_path / "drive.jsonl"
    assert write_drive(video, truth, drive) == drive.frame_count == 12

    capture = cv2.VideoCapture(str(video))
    pictures = []
    while (read := capture.read())[0]:
        pictures.append(read[1])
    capture.release()
    assert len(pictures) == 12
    assert pictures[0].shape == (360, 640, 3)

    lines = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines()]
    assert [line["frame"] for line in lines] == list(range(12))
    for line, (_, signs) in zip(lines, drive.frames(), strict=True):
        assert [sign["class_id"] for sign in line["signs"]] == [sign.class_id for sign in signs]
        for written, sign in zip(line["signs"], signs, strict=True):
            assert set(written) == {"sign", "class_id", "box", "distance_m", "visible"}
            assert written["box"] == pytest.approx(sign.box_xywh_px, abs=0.01)


BENT = Camera(
    "bent", SMALL_WH, "pinhole", np.array([[560.0, 0.0, 322.0], [0.0, 555.0, 176.0], [0.0, 0.0, 1.0]]),
    np.array([-0.25, 0.08, 0.001, -0.001, 0.0]),
)  # fmt: skip


@pytest.mark.parametrize("camera", [None, BENT])
def test_through_a_turned_camera_the_truth_still_fits_the_pixels(camera: Camera | None) -> None:
    mounting = Mounting(1.3, pitch_deg=2.5, roll_deg=-4.0, yaw_deg=-3.0)
    drive = SampleDrive(size=SMALL_WH, fps=1.0, seconds=10.0, camera=camera, mounting=mounting)
    checked = 0
    for picture, truth in drive.frames():
        assert picture.shape == (360, 640, 3)
        for sign in truth:
            if sign.visible == 1.0 and sign.box_xywh_px[2] >= 20.0 and sign.class_id in RED_RINGS | TRIANGLES:
                assert share_of_colour(picture, sign, "red") > 0.12, sign
                checked += 1
    assert checked >= 4


def test_a_camera_that_looks_down_sees_the_same_sign_higher_up() -> None:
    level, down = (
        next(SampleDrive(size=SMALL_WH, seconds=0.04, mounting=Mounting(1.3, pitch_deg=pitch)).frames())[1]
        for pitch in (0.0, 3.0)
    )
    moved_px = level[0].box_xywh_px[1] - down[0].box_xywh_px[1]
    assert moved_px == pytest.approx(1.05 * SMALL_WH[0] * np.tan(np.radians(3.0)), rel=0.05)


def test_a_level_lens_changes_nothing_but_by_sampling() -> None:
    plain, plain_truth = next(SampleDrive(size=SMALL_WH, seconds=0.04).frames())
    seen, truth = next(SampleDrive(size=SMALL_WH, seconds=0.04, mounting=usual_mounting()).frames())
    # Shake is a share of the width that is drawn, so the two may be apart by a fraction of a pixel.
    for one, other in zip(plain_truth, truth, strict=True):
        assert one.box_xywh_px == pytest.approx(other.box_xywh_px, abs=0.5)
        assert one.distance_m == other.distance_m
    assert np.abs(plain.astype(int) - seen)[:, ::8].mean() < 25.0


@pytest.mark.parametrize("mounting", [Mounting(2.0), Mounting(1.3, yaw_deg=50.0)])
def test_a_view_that_the_drive_has_no_picture_of_is_refused(mounting: Mounting) -> None:
    with pytest.raises(ValueError, match=r"above the road|too wide"):
        SampleDrive(size=SMALL_WH, mounting=mounting)
