"""A camera's mounting is found from the sample drive, and a camera that has moved since is noticed."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.errors import MountingError
from calibration.mounting import MountedCamera, Mounting
from calibration.mounting_file import load_mounted, save_mounted
from calibration.mounting_search import MountingSearch
from calibration.mounting_watch import MountingWatch
from edge.cli import main
from edge.placing import MOVED, Placing
from edge.sample_drive import SampleDrive
from models.catalogue import load_catalogue

FPS = 9.0
CAMERA = Camera(
    "front", (640, 360), "pinhole", np.array([[550.0, 0, 319.5], [0, 550.0, 179.5], [0, 0, 1]]),
    np.array([-0.25, 0.08, 0.0, 0.0, 0.0]),
)  # fmt: skip
TRUE = Mounting(1.3, 3.0, 4.0, -5.0, 0.02, 0.15, 0.3, 0.15)
Pictures = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def drive() -> SampleDrive:
    return SampleDrive(seconds=11.0, fps=FPS, camera=CAMERA, mounting=TRUE)


@pytest.fixture(scope="module")
def pictures(drive: SampleDrive) -> Pictures:
    return [picture for picture, _ in drive.frames()]


@pytest.fixture(scope="module")
def recording(pictures: Pictures, drive: SampleDrive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edge.video_writer import VideoWriter

    path = tmp_path_factory.mktemp("drive") / "drive.mp4"
    with VideoWriter(path, size_wh=drive.size, fps=FPS) as writer:
        for picture in pictures:
            writer.write(picture)
    return path


def searched(pictures: Pictures) -> MountingSearch:
    search = MountingSearch(CAMERA)
    for number, picture in enumerate(pictures):
        search.take(picture, number / FPS)
    return search


def test_the_mounting_is_found_and_how_sure_it_is(pictures: Pictures) -> None:
    found = searched(pictures).result(1.3, 0.02)
    for name, most in (("pitch", 0.4), ("yaw", 0.4), ("roll", 1.0)):
        value, std = (getattr(found.mounting, f"{name}_{part}deg") for part in ("", "std_"))
        error = abs(value - getattr(TRUE, f"{name}_deg"))
        assert error < most, name
        assert error < 4 * std, name
    assert found.roll_found
    assert found.lanes is not None
    assert found.flow.pitch_deg == pytest.approx(found.lanes.pitch_deg, abs=0.6)


def test_a_vehicle_that_stands_tells_nothing(pictures: Pictures) -> None:
    with pytest.raises(MountingError, match="drive of half a minute"):
        searched(pictures[:1] * 30).result(1.3, 0.02)


def test_a_short_drive_is_too_short(pictures: Pictures) -> None:
    with pytest.raises(MountingError, match="drive straight ahead for longer"):
        searched(pictures[:30]).result(1.3, 0.02)


def test_noise_is_no_drive() -> None:
    generator = np.random.default_rng(0)
    noise = [generator.integers(0, 256, (360, 640, 3), np.uint8) for _ in range(12)]
    with pytest.raises(MountingError):
        searched(noise).result(1.3, 0.02)


def watched(pictures: Pictures, mounting: Mounting) -> MountingWatch:
    watch = MountingWatch(mounting)
    for number, picture in enumerate(pictures):
        watch.look(CAMERA, picture, number / FPS)
    return watch


def test_a_camera_that_is_where_it_was_is_not_said_to_have_moved(pictures: Pictures) -> None:
    watch = watched(pictures, TRUE)
    assert watch.off_deg == pytest.approx((0, 0), abs=1.0)
    assert not watch.moved


@pytest.mark.parametrize(("name", "off"), [("pitch_deg", (4.0, 0.0)), ("yaw_deg", (0.0, 7.0))])
def test_a_camera_that_was_pushed_aside_is_noticed(pictures: Pictures, name: str, off: tuple[float, float]) -> None:
    before = replace(TRUE, **{name: getattr(TRUE, name) - max(off)})
    watch = watched(pictures, before)
    assert watch.moved
    assert watch.off_deg == pytest.approx(off, abs=1.0)


def test_a_moved_camera_degrades_the_message_and_gives_no_place(pictures: Pictures) -> None:
    frame = pictures[-1]
    for mounting, moved in ((TRUE, False), (replace(TRUE, pitch_deg=-2.0), True)):
        placing = Placing(MountedCamera(CAMERA, mounting), load_catalogue(), "country")
        for number, picture in enumerate(pictures):
            placing.look(picture, number / FPS)
        assert placing.view.degraded == ((MOVED,) if moved else ())
        assert (placing.view.limits is None) is moved
        placed = placing.place_still((300.0, 150.0, 30.0, 30.0), 2)
        assert (placed.place_m is None) is moved
        assert placed.distance_m is not None
    assert frame.shape == (360, 640, 3)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["calibrate", "mounting", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "front.toml"
    save_mounted(MountedCamera(CAMERA), file)
    return file


def test_the_command_writes_what_it_found_into_the_cameras_file(recording: Path, file: Path, tmp_path: Path) -> None:
    picture = tmp_path / "horizon.png"
    status, out, err = run(
        str(recording), "--camera", str(file), "--height", "1.3", "--json", "--picture", str(picture)
    )
    assert status == 0, err
    told = json.loads(out)
    mounting = load_mounted(file).mounting
    assert mounting is not None
    assert told["mounting"]["pitch_deg"] == pytest.approx(mounting.pitch_deg, abs=1e-3)
    assert mounting.pitch_deg == pytest.approx(TRUE.pitch_deg, abs=0.5)
    assert told["found"]["flow"]["looks"] >= 25
    assert picture.stat().st_size > 10_000


def test_by_hand_needs_no_drive(file: Path) -> None:
    status, out, err = run("--camera", str(file), "--height", "1.3", "--pitch", "2.5", "--yaw", "-1")
    assert status == 0, err
    assert load_mounted(file).mounting == Mounting(1.3, 2.5, 0.0, -1.0)
    assert "down" in out
    assert "to the right" in out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--height", "130"], 2, "height_m is 130"),
        (["--height", "nan"], 2, "height_m is nan"),
        (["--height", "1.3", "--pitch", "80"], 2, "pitch_deg is 80"),
        (["--height", "1.3", "--picture", "horizon.png"], 2, "give its SOURCE"),
        (["nowhere.mp4", "--height", "1.3", "--pitch", "1"], 2, "give one of both"),
        (["nowhere.mp4", "--height", "1.3"], 1, "nowhere.mp4"),
        (["pattern:320x180#5", "--height", "1.3"], 1, "drive of half a minute"),
        (["pattern:320x240#5", "--height", "1.3"], 1, "another shape"),
    ],
)
def test_what_can_not_work_is_said_in_a_line(file: Path, arguments: list[str], status: int, said: str) -> None:
    before = file.read_text()
    found, _, err = run(*arguments, "--camera", str(file))
    assert (found, said in err) == (status, True), err
    assert "Traceback" not in err
    assert file.read_text() == before


def test_a_drive_that_is_cut_off_says_so(recording: Path, file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(recording.read_bytes()[: math.floor(recording.stat().st_size * 0.4)])
    status, _, err = run(str(cut), "--camera", str(file), "--height", "1.3")
    assert status == 1
    assert len(err.strip().splitlines()) == 1
