"""The mounting in a camera's file: written, read, and refused where it can't be true."""

from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.camera_file import read_document, save_camera, write_document
from calibration.errors import CameraFileError
from calibration.mounting import MountedCamera, Mounting
from calibration.mounting_file import load_mounted, put_mounting, save_mounted

CAMERA = Camera("c", (1280, 720), "pinhole", np.array([[1000.0, 0, 640], [0, 1000.0, 360], [0, 0, 1]]), np.zeros(5))
MOUNTING = Mounting(1.31, 2.1, -0.4, 0.8, 0.02, 0.1, 0.3, 0.2)


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "front.toml"
    save_mounted(MountedCamera(CAMERA, MOUNTING), file)
    found = load_mounted(file)
    assert found.mounting == MOUNTING
    assert found.camera.matrix == pytest.approx(CAMERA.matrix)


def test_a_camera_without_a_mounting_has_none(tmp_path: Path) -> None:
    save_camera(CAMERA, tmp_path / "front.toml")
    assert load_mounted(tmp_path / "front.toml").mounting is None


def test_another_mounting_leaves_everything_else_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "front.toml"
    save_mounted(MountedCamera(CAMERA, MOUNTING), file)
    file.write_text(file.read_text() + "\n# behind the mirror\n[colour]\ncast = 1.1\n")
    document = read_document(file)
    put_mounting(document, Mounting(2.0))
    write_document(document, file)
    assert load_mounted(file).mounting == Mounting(2.0)
    assert "# behind the mirror" in file.read_text()
    assert "cast = 1.1" in file.read_text()


def test_deviations_may_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "front.toml"
    save_camera(CAMERA, file)
    file.write_text(file.read_text() + "\n[mounting]\nheight_m = 1.3\npitch_deg = 2\n")
    assert load_mounted(file).mounting == Mounting(1.3, 2.0)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[mounting]\npitch_deg = 2.0\n", "height_m"),
        ("[mounting]\nheight_m = nan\n", "height_m is nan"),
        ("[mounting]\nheight_m = 1.3\npich_deg = 2.0\n", "`pich_deg` is none of its values"),
        ("[mounting]\nheight_m = 'high'\n", "float"),
        ("[mounting]\nheight_m = 1.3\npitch_deg = 90\n", "pitch_deg is 90"),
        ("[mounting]\nheight_m = [1.3]\n", "float"),
        ("mounting = 3\n", "mounting"),
    ],
)
def test_a_mounting_that_can_not_be_true_is_an_error_with_the_files_name(tmp_path: Path, table: str, said: str) -> None:
    file = tmp_path / "front.toml"
    save_camera(CAMERA, file)
    text = file.read_text()
    file.write_text(table + text if table.startswith("mounting =") else text + table)
    with pytest.raises(CameraFileError, match=said) as caught:
        load_mounted(file)
    assert "front.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
