import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from calibration.camera_file import load_camera
from edge.cli import main
from edge.video_writer import VideoWriter
from tests.calibration.boards import FISHEYE, PINHOLE, picture, poses
from tests.edge.sources.network_cameras import http_server

HELD_FRAMES, MOVING_FRAMES = 14, 6
FPS = 20.0


def signwatch(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["calibrate", *(str(argument) for argument in arguments)])


def one_line_error(result: Result, status: int = 1) -> str:
    assert result.exit_code == status, result.output
    line = result.stderr.splitlines()[-1]
    assert line.startswith("signwatch: ") and "Traceback" not in result.output
    return line


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    return [picture(PINHOLE, pose) for pose in poses(8)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pictures: list[NDArray[np.uint8]]) -> Path:
    """Eight good pictures, one with a row and a column more, one without a board, one of another size, one broken."""
    folder = tmp_path_factory.mktemp("boards")
    for number, image in enumerate(pictures):
        cv2.imwrite(str(folder / f"{number}.png"), np.pad(image, ((0, 1), (0, 1), (0, 0))) if number == 3 else image)
    cv2.imwrite(str(folder / "8.png"), np.full_like(pictures[0], 128))
    cv2.imwrite(str(folder / "9.png"), np.full((480, 640, 3), 128, np.uint8))
    (folder / "10.png").write_bytes(b"no picture")
    return folder


def in_motion(pictures: list[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """The board held at each place, and moved on between them."""
    frames = []
    for image in pictures:
        frames += [image] * HELD_FRAMES
        frames += [np.roll(image, 15 * step, axis=1) for step in range(1, MOVING_FRAMES + 1)]
    return frames


def test_a_folder_of_pictures_becomes_a_camera(folder: Path, tmp_path: Path) -> None:
    file, plot = tmp_path / "front.toml", tmp_path / "plot.png"
    result = signwatch("camera", folder, "--json", "--out", file, "--name", "front", "--plot", plot)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["views_used"] == 8
    left_out = {one["view"]: one["reason"] for one in figures["views_left_out"]}
    assert left_out == {
        "8.png": "no whole board found: is it cut off, blurred or of another size?",
        "9.png": "is 640x480, most are 640x360: one camera, one size",
        "10.png": "can't be read as a picture",
    }
    assert figures["almost_size_px"] == {"3.png": [641, 361]}
    assert figures["rms_px"] < 0.3 and figures["held_out_rms_px"] < 1.25 * figures["rms_px"]
    assert abs(figures["matrix"][0][0] - 520) < 4 * figures["matrix_std_px"]["fx"] < 20
    assert figures["rows_off_line"]["rms_px"] < 0.3
    camera = load_camera(file)
    assert (camera.name, camera.size_px) == ("front", (640, 360))
    assert camera.accuracy is not None and camera.accuracy.views == 8
    assert re.match(r"\d{4}-\d\d-\d\dT", camera.date) and "OpenCV" in camera.software
    drawn = cv2.imread(str(plot))
    assert drawn is not None and drawn.std() > 10


def test_people_read_what_was_found_and_left_out(folder: Path) -> None:
    result = signwatch("camera", folder, "--flat")
    assert result.exit_code == 0, result.output
    for words in ("left out: 8.png", "used though 641x361: 3.png", "fx", "±", "nothing is written; --out"):
        assert words in result.stdout


def test_what_belonged_to_the_calibration_before_is_said(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "front.toml"
    assert "belonged" not in signwatch("camera", folder, "--out", file, "--flat").stderr
    file.write_text(file.read_text() + "\n[mounting]\nheight_m = 1.3\n")
    assert "[mounting] belonged to the calibration before" in signwatch("camera", folder, "--out", file).stderr
    assert "mounting" not in file.read_text()


def test_a_recording_gives_views_by_itself(pictures: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    path = tmp_path / "board.mp4"
    with VideoWriter(path, (640, 360), FPS) as writer:
        for frame in in_motion(pictures):
            writer.write(frame)
    result = signwatch("camera", path, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    places = [int(one["view"].removeprefix("frame ")) // (HELD_FRAMES + MOVING_FRAMES) for one in figures["views"]]
    assert len(places) >= 6 and len(set(places)) == len(places), "one of each place that is new"
    assert abs(figures["matrix"][0][0] - 520) < 15


def test_a_live_stream_gives_views_and_shows_the_coverage(pictures: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    jpegs = [cv2.imencode(".jpg", frame)[1].tobytes() for frame in in_motion(pictures)]
    server = http_server(tmp_path / "served", lambda size_wh: jpegs, (640, 360))
    try:
        result = signwatch("camera", server.address, "--views", 6, "--json")
    finally:
        server.end()
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["views_used"] == 6
    said = [line for line in result.stderr.splitlines() if line.startswith("view ")]
    assert len(said) == 6
    assert all(re.search(r"[#.]{4}  [#.]{4}  [#.]{4}; (show|tilt|everything)", line) for line in said)
    assert sum(line.count("#") for line in said[-1:]) >= sum(line.count("#") for line in said[:1])


def test_a_fisheye_is_found_from_pictures(tmp_path: Path) -> None:
    for number, pose in enumerate(poses(12, near=5, far=9, aside=1.3, facing=0.8)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(FISHEYE, pose))
    result = signwatch("camera", tmp_path, "--model", "fisheye", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["views_used"] >= 10 and figures["rms_px"] < 0.3
    assert figures["matrix"][0][0] == pytest.approx(215, rel=0.01)
    assert figures["field_of_view_deg"] == pytest.approx([180, 98], abs=8)


def test_no_board_is_said_with_what_pattern_counts(folder: Path, tmp_path: Path) -> None:
    assert "others show a 9x6 chessboard: --pattern counts inner corners" in one_line_error(
        signwatch("camera", folder / "[0-2].png", "--pattern", "10x7")
    )
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((90, 160, 3), 99, np.uint8))
    assert "shows no 9x6 chessboard in any of 1 pictures; --pattern counts" in one_line_error(
        signwatch("camera", tmp_path)
    )


def test_few_views_are_said_with_what_to_do(folder: Path) -> None:
    assert "1 view of the board can't tell what the camera is; take 10 to 20" in one_line_error(
        signwatch("camera", folder / "1.png")
    )


@pytest.mark.parametrize("pattern", ["9", "9x", "2x6", "9x6x1", "99x99"])
def test_what_is_no_pattern_is_wrong_usage(pattern: str, folder: Path) -> None:
    assert signwatch("camera", folder, "--pattern", pattern).exit_code == 2


def test_a_picture_is_undistorted(folder: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "front.toml", tmp_path / "straight.png"
    assert signwatch("camera", folder, "--out", file).exit_code == 0
    assert signwatch("undistort", file, folder / "0.png", "--out", out).exit_code == 0
    straight = cv2.imread(str(out))
    assert straight is not None and straight.shape == (360, 640, 3)
    assert "another shape" in one_line_error(signwatch("undistort", file, folder / "9.png", "--out", out))
    nowhere = tmp_path / "straight.doc"
    assert "as .png or .jpg" in one_line_error(signwatch("undistort", file, folder / "0.png", "--out", nowhere))
    file.write_text(file.read_text().replace("camera/1", "camera/7"))
    assert "version 7" in one_line_error(signwatch("undistort", file, folder / "0.png", "--out", out))


def test_a_board_is_printed(tmp_path: Path) -> None:
    out = tmp_path / "board.pdf"
    result = signwatch("board", "--out", out)
    assert result.exit_code == 0 and "squares of 25 mm on a4" in result.stdout
    assert out.read_bytes().startswith(b"%PDF")
    assert signwatch("board", "--out", tmp_path / "board.doc").exit_code == 2
    assert signwatch("board", "--square", 90, "--out", out).exit_code == 2


def test_photos_of_a_real_board(data_folder: Path) -> None:
    """Paper on a wall, by one car camera; on two of the photos the board is cut off."""
    result = signwatch("camera", data_folder / "chessboard", "--pattern", "9x6", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["views_used"] >= 16
    assert figures["rms_px"] <= 0.5 and figures["flat_board_rms_px"] <= 0.9
    assert figures["held_out_rms_px"] <= 1.1 * figures["rms_px"]
    assert figures["rows_off_line"]["rms_px"] <= 0.5
    assert set(figures["almost_size_px"]) == {"calibration7.jpg", "calibration15.jpg"}
    assert figures["matrix"][0][0] == pytest.approx(figures["matrix"][1][1], rel=0.003), "its pixels are square"
