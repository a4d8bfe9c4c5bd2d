from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tomlkit

from calibration.camera import Accuracy, Camera
from calibration.camera_file import camera_of, load_camera, read_document, save_camera, write_document
from calibration.errors import CameraFileError
from tests.calibration.boards import FISHEYE, PINHOLE

KNOWN = replace(
    PINHOLE,
    accuracy=Accuracy(17, 0.4, 0.42, (1.6, 1.7, 1.6, 1.1), (0.005, 0.03, 0.0002, 0.0002, 0.07)),
    date="2026-11-25T22:30:00+00:00",
    software="signwatch 0.1.0",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "front.toml"
    save_camera(KNOWN, file)
    return file


@pytest.mark.parametrize("camera", [KNOWN, FISHEYE], ids=lambda camera: camera.name)
def test_a_camera_comes_back_as_it_was_written(tmp_path: Path, camera: Camera) -> None:
    save_camera(camera, tmp_path / "a.toml")
    back = load_camera(tmp_path / "a.toml")
    for field in ("name", "size_px", "model", "accuracy", "date", "software"):
        assert getattr(back, field) == getattr(camera, field)
    np.testing.assert_allclose(back.matrix, camera.matrix, atol=1e-4)
    np.testing.assert_allclose(back.distortion, camera.distortion, atol=1e-8)


def test_a_person_can_write_whole_numbers_and_leave_out_what_was_measured(tmp_path: Path) -> None:
    file = tmp_path / "by-hand.toml"
    file.write_text(
        'schema = "signwatch.camera/1"\n[camera]\nname = "front"\nsize_px = [1280, 720]\nmodel = "pinhole"\n'
        "matrix = [[1000, 0, 640], [0, 1000, 360], [0, 0, 1]]\ndistortion = [0, 0, 0, 0, 0]\n"
    )
    assert load_camera(file).accuracy is None


def test_other_tables_and_comments_stay(file: Path) -> None:
    file.write_text(file.read_text() + "\n[other]\nheight_m = 1.3  # by hand\n")
    document = read_document(file)
    document["other"]["height_m"] = 1.4
    write_document(document, file)
    assert "height_m = 1.4  # by hand" in file.read_text()
    assert camera_of(document, file).name == "pinhole"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("520.0", "nan", "finite"),
        ("520.0", '"wide"', r"Expected `float`, got `str` - at `camera.matrix\[0\]\[0\]`"),
        ("size_px = [640, 360]", "size_px = [360, 640]", "did values change places"),
        ("size_px = [640, 360]", "size_px = 640", "camera.size_px"),
        ("[520.0, 0.0, 325.0]", "[325.0, 0.0, 520.0]", "did values change places"),
        ('"pinhole"\nmatrix', '"mirror"\nmatrix', "camera.model"),
        ("name =", "nmae =", "unknown field `nmae`"),
        ("camera/1", "camera/2", "version 2, and this Signwatch reads version 1; update Signwatch"),
        ("camera/1", "frame/1", "lacks schema"),
        ("[camera]", "[kamera]", "`camera`"),
        ("[camera]", "[camera", "no camera's file"),
        ("rms_px = 0.4\n", "rms_px = -1\n", "accuracy.rms_px"),
    ],
)
def test_a_file_that_cannot_be_true_is_named_with_the_mend(file: Path, old: str, new: str, why: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(CameraFileError, match=why) as caught:
        load_camera(file)
    assert str(caught.value).startswith(str(file)) and "\n" not in str(caught.value)


def test_what_is_not_there_or_no_text_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CameraFileError, match=r"No such file.*calibrate camera"):
        load_camera(tmp_path / "none.toml")
    (tmp_path / "picture.toml").write_bytes(b"\xff\xd8" * 100)
    with pytest.raises(CameraFileError, match="no camera's file"):
        load_camera(tmp_path / "picture.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * 2**17)
    with pytest.raises(CameraFileError, match="larger than"):
        load_camera(tmp_path / "large.toml")


def test_a_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(document: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tomlkit, "dumps", full)
    with pytest.raises(OSError, match="No space"):
        save_camera(FISHEYE, file)
    assert load_camera(file).name == "pinhole"
