"""`--camera FILE`: signs with distances, and a wrong file said in a line before anything is read."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from calibration.camera import Camera
from calibration.mounting import MountedCamera, Mounting
from calibration.mounting_file import save_mounted
from edge.cli import main
from tests.edge.scenes import STOP, scene

CAMERA = Camera("vga", (640, 480), "pinhole", np.array([[600.0, 0, 319.5], [0, 600.0, 239.5], [0, 0, 1]]), np.zeros(5))


def signwatch(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_mounted(MountedCamera(CAMERA, Mounting(1.3)), tmp_path / "vga.toml")
    return tmp_path / "vga.toml"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(12):
        cv2.imwrite(str(folder / f"{number:02}.png"), scene(48 + number, STOP))
    return folder


def test_signs_have_a_distance_in_messages_and_rows(pictures: Path, file: Path, tmp_path: Path) -> None:
    messages, rows = tmp_path / "o.jsonl", tmp_path / "o.csv"
    result = signwatch("process", pictures, "--camera", file, "--road", "town", "--jsonl", messages, "--csv", rows)
    assert result.exit_code == 0, result.output
    signs = [sign for line in messages.read_text().splitlines() for sign in json.loads(line)["signs"]]
    assert signs
    distances = [sign["distance_m"] for sign in signs]
    assert 6 < distances[-1] < distances[0] < 14
    assert all(sign["distance_std_m"] > 0 for sign in signs)
    with rows.open() as opened:
        assert [float(row["distance_m"]) for row in csv.DictReader(opened)] == distances


def test_pictures_of_another_shape_later_on_are_degraded(pictures: Path, file: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(pictures / "99.png"), np.full((300, 640, 3), 90, np.uint8))
    messages = tmp_path / "o.jsonl"
    result = signwatch("process", pictures, "--camera", file, "--jsonl", messages)
    assert result.exit_code == 0, result.output
    degraded = [json.loads(line)["degraded"] for line in messages.read_text().splitlines()]
    assert degraded == [[]] * 12 + [["calibration"]]


@pytest.mark.parametrize("command", ["process", "run"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "can't be read"),
        ("", "no camera's file"),
        ("height_m =", "no camera's file"),
        ('schema = "signwatch.camera/9"\n', "of version 9"),
        ("[mounting]\nheight_m = nan\n", "height_m is nan"),
        ("[mounting]\nheight_m = 1.3\npich_deg = 4\n", "`pich_deg` is none of its values"),
    ],
)
def test_a_file_that_can_not_be_true_is_said_before_anything_is_read(
    command: str, text: str | None, said: str, file: Path
) -> None:
    if text is None:
        file.unlink()
    elif text.startswith("[mounting]"):
        file.write_text(file.read_text().partition("[mounting]")[0] + text)
    else:
        file.write_text(text)
    result = signwatch(command, "pattern:640x480#5", "--camera", file)
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_another_cameras_file_is_an_error(file: Path) -> None:
    result = signwatch("process", "pattern:640x400#5", "--camera", file)
    assert result.exit_code == 1
    assert "calibrated at 640x480, and 640x400 is another shape" in result.stderr


def test_each_source_has_its_own_camera(file: Path) -> None:
    result = signwatch("run", "pattern:640x480#5", "pattern:320x240#5", "--name", "a", "--name", "b", "--camera", file)
    assert result.exit_code == 2
    assert "2 SOURCE and 1 --camera" in result.stderr


def test_a_live_run_with_another_cameras_file_ends_with_one_line(file: Path) -> None:
    result = signwatch("run", "pattern:640x400#5", "--publish", "tcp://127.0.0.1:*", "--camera", file)
    assert result.exit_code == 1
    assert "is another shape" in result.stderr
    assert "Traceback" not in result.output
