"""Where signs are: distances and their deviations from tracks, and never a silent wrong one."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.errors import CalibrationError
from calibration.mounting import MountedCamera, Mounting
from detector.candidates import BOX_MARGIN_PX, working_grain
from detector.evidence import first_vote
from detector.motion import first_seen, measured
from detector.tracker import Track
from edge.budget import LEVELS
from edge.frame import Frame
from edge.frame_reader import FrameReader, open_reader
from edge.messages import FrameMessage
from edge.placing import OTHER_SHAPE, Placing
from edge.reader import SignReader
from models.catalogue import Catalogue, load_catalogue
from models.sign_sizes import Road
from tests.edge.scenes import scene

SIZE = (1280, 720)
FOCAL = 1200.0
CAMERA = Camera("front", SIZE, "pinhole", np.array([[FOCAL, 0, 639.5], [0, FOCAL, 359.5], [0, 0, 1]]), np.zeros(5))
MOUNTED = MountedCamera(CAMERA, Mounting(1.3))
BLANK = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
SPEED_M_S = 14.0
FPS = 25.0
LIMIT_50, STOP = 2, 14
Box = tuple[float, float, float, float]


def box_of(place_m: tuple[float, float, float], side_m: float = 0.6, grain: float = 1.0) -> Box:
    """The box that the detector would have of a disc there: forward, left and up from below the camera."""
    x, left, up = place_m
    side = FOCAL * side_m / x + BOX_MARGIN_PX * working_grain(SIZE) * grain
    return 640 - FOCAL * left / x - side / 2, 360 - FOCAL * (up - 1.3) / x - side / 2, side, side


def track(box: Box, class_id: int = LIMIT_50, *, seen: bool = True, number: int = 1) -> Track:
    motion = first_seen(measured(np.array([box], np.float32))[0], 0.0)
    vote = first_vote(np.full(43, 0.02, np.float32), 1.0, 30.0)
    return Track(number, motion, vote, 0.0, box, measured=seen, confirmed_class=class_id, state="confirmed")


def placing(calibrated: MountedCamera = MOUNTED, road: Road = "country", catalogue: Catalogue | None = None) -> Placing:
    made = Placing(calibrated, catalogue or load_catalogue(), road)
    made.look(np.zeros((*calibrated.camera.size_px[::-1], 3), np.uint8), None)
    return made


def test_a_sign_that_is_neared_is_placed_where_it_is() -> None:
    places = placing()
    for number in range(50):
        ahead = 60 - SPEED_M_S * number / FPS
        placed = places.place_tracks([track(box_of((ahead, -4.0, 2.4)))], number / FPS)[1]
    assert placed.distance_m == pytest.approx(math.dist((ahead, -4.0, 2.4), (0, 0, 1.3)), rel=0.03)
    assert placed.bearing_deg == pytest.approx(math.degrees(math.atan(4 / ahead)), abs=0.1)
    assert placed.ttc_s == pytest.approx(ahead / SPEED_M_S, rel=0.1)
    assert placed.place_m == pytest.approx((ahead, -4.0, 2.4), rel=0.05)
    assert placed.distance_std_m is not None
    assert placed.distance_m is not None
    assert 0.02 < placed.distance_std_m / placed.distance_m < 0.15


def test_who_does_not_know_the_road_is_less_sure() -> None:
    boxes = track(box_of((30.0, -4.0, 2.4)))
    known, unknown = (placing(road=road).place_tracks([boxes], 0.0)[1] for road in ("country", "any"))
    assert known.distance_m == unknown.distance_m
    assert known.distance_std_m is not None
    assert unknown.distance_std_m is not None
    assert unknown.distance_std_m > 1.4 * known.distance_std_m
    low = unknown.distance_m - 2.5 * unknown.distance_std_m  # type: ignore[operator]
    assert low < 30 * 0.42 / 0.6 + 2, "the smallest size is not left out"


def test_on_a_motorway_the_same_box_is_a_larger_sign_further_off() -> None:
    one = track(box_of((30.0, 0.0, 2.4)))
    country, motorway = (placing(road=road).place_tracks([one], 0.0)[1] for road in ("country", "motorway"))
    assert motorway.distance_m / country.distance_m == pytest.approx(0.75 / 0.6, rel=0.01)  # type: ignore[operator]


def test_a_sign_of_unknown_size_still_has_a_bearing_and_a_time_to_contact() -> None:
    bare = Catalogue([replace(sign, widths_mm=()) for sign in load_catalogue()])
    places = placing(catalogue=bare)
    for number in range(40):
        placed = places.place_tracks([track(box_of((50 - SPEED_M_S * number / FPS, -4.0, 2.4)))], number / FPS)[1]
    assert placed.distance_m is None
    assert placed.distance_std_m is None
    assert placed.place_m is None
    assert placed.bearing_deg is not None
    assert placed.ttc_s == pytest.approx((50 - SPEED_M_S * 39 / FPS) / SPEED_M_S, rel=0.15)


def test_a_sign_that_leaves_the_picture_is_not_measured_by_what_is_left_of_it() -> None:
    places = placing()
    for number in range(60):
        ahead = 40 - SPEED_M_S * number / FPS
        x, y, width, height = box_of((ahead, -4.0, 2.4))
        cut = x, y, min(width, SIZE[0] - x), height
        placed = places.place_tracks([track(cut)], number / FPS)[1]
        if x + width > SIZE[0] + width / 3:
            break
    assert x + width > SIZE[0], "it did leave"
    assert placed.distance_m == pytest.approx(math.dist((ahead, -4.0, 2.4), (0, 0, 1.3)), rel=0.08)


def test_between_detections_the_distance_goes_on() -> None:
    places = placing()
    for number in range(60):
        ahead = 60 - SPEED_M_S * number / FPS
        one = track(box_of((ahead, -4.0, 2.4)), seen=number < 50)
        placed = places.place_tracks([one], number / FPS)[1]
    assert placed.distance_m == pytest.approx(ahead, rel=0.05)


def test_half_size_is_told_and_taken_into_account() -> None:
    coarse = placing().place_tracks([track(box_of((30.0, 0.0, 2.4), grain=2.0))], 0.0, coarse=2.0)[1]
    fine = placing().place_tracks([track(box_of((30.0, 0.0, 2.4)))], 0.0)[1]
    assert coarse.distance_m == pytest.approx(fine.distance_m, rel=0.02)
    assert coarse.distance_std_m is not None
    assert fine.distance_std_m is not None
    assert coarse.distance_std_m > fine.distance_std_m


def test_a_new_trackers_numbers_are_other_signs() -> None:
    places = placing()
    places.place_tracks([track(box_of((60.0, 0.0, 2.4)))], 0.0)
    places.forget()
    placed = places.place_tracks([track(box_of((12.0, 0.0, 2.4)))], 0.1)[1]
    assert placed.distance_m == pytest.approx(12.0, rel=0.03)


def test_without_a_mounting_there_is_a_distance_but_no_place_and_no_limit() -> None:
    places = placing(MountedCamera(CAMERA))
    placed = places.place_tracks([track(box_of((30.0, -4.0, 2.4)))], 0.0)[1]
    assert placed.distance_m == pytest.approx(30.4, rel=0.03)
    assert placed.place_m is None
    assert places.view.limits is None
    with_mounting = placing().place_tracks([track(box_of((30.0, -4.0, 2.4)))], 0.0)[1]
    assert placed.bearing_std_deg > with_mounting.bearing_std_deg  # type: ignore[operator]


def test_another_cameras_file_is_refused_at_the_first_picture() -> None:
    places = Placing(MOUNTED, load_catalogue())
    with pytest.raises(CalibrationError, match="calibrated at 1280x720, and 640x480 is another shape"):
        places.look(np.zeros((480, 640, 3), np.uint8), 0.0)


def test_a_stream_that_changes_its_shape_is_degraded_and_not_placed_until_it_is_back() -> None:
    places = placing()
    places.look(np.zeros((480, 640, 3), np.uint8), 0.0)
    assert list(places.view.degraded) == [OTHER_SHAPE]
    assert places.view.limits is None
    assert places.place_tracks([track((300.0, 200.0, 40.0, 40.0))], 0.0) == {}
    assert places.place_still((300.0, 200.0, 40.0, 40.0), LIMIT_50).distance_m is None
    places.look(BLANK, 0.04)
    assert not places.view.degraded
    assert places.place_tracks([track(box_of((30.0, 0.0, 2.4)))], 0.04)[1].distance_m is not None


def test_a_scaled_stream_gives_the_same_distance() -> None:
    places = Placing(MOUNTED, load_catalogue(), "country")
    places.look(np.zeros((360, 640, 3), np.uint8), None)
    side = FOCAL / 2 * 0.6 / 20 + BOX_MARGIN_PX * working_grain((640, 360))
    placed = places.place_still((320 - side / 2, 150.0, side, side), LIMIT_50)
    assert placed.distance_m == pytest.approx(20.2, rel=0.03)


@pytest.fixture(scope="module")
def reader() -> Iterator[FrameReader]:
    reader = open_reader()
    yield reader
    reader.close()


VGA = Camera("vga", (640, 480), "pinhole", np.array([[600.0, 0, 319.5], [0, 600.0, 239.5], [0, 0, 1]]), np.zeros(5))


def read(reader: FrameReader, *, stills: bool, calibrated: MountedCamera | None, half: bool = False) -> FrameMessage:
    signs = SignReader(
        reader,
        "road",
        stills=stills,
        placing=Placing(calibrated, reader.catalogue, "country") if calibrated else None,
    )
    frame = Frame(scene(64, STOP), 0, time.time_ns(), time.monotonic_ns(), 0.0, None)
    effort = next(level for level in LEVELS if level.half_size) if half else LEVELS[0]
    return signs.read(frame, effort=effort)


@pytest.mark.parametrize("stills", [True, False])
@pytest.mark.parametrize("half", [True, False])
def test_a_message_says_where_its_signs_are(reader: FrameReader, stills: bool, half: bool) -> None:
    (sign,) = read(reader, stills=stills, calibrated=MountedCamera(VGA, Mounting(1.3)), half=half).signs
    assert sign.distance_m == pytest.approx(600 * 0.9 / 60, rel=0.2), "the drawn sign fills most of its 64 px"
    assert sign.place_m is not None
    assert sign.ttc_s is None, "once seen, it is not known to come nearer"


def test_without_a_camera_nothing_is_said_of_places(reader: FrameReader) -> None:
    (sign,) = read(reader, stills=False, calibrated=None).signs
    assert (sign.distance_m, sign.bearing_deg, sign.distance_std_m, sign.ttc_s, sign.place_m) == (None,) * 5
