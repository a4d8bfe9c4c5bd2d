import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edge.errors import SinkError
from edge.video_writer import VideoWriter

WRITE_ON_A_FULL_DISK = """
import resource, sys
import numpy as np
from edge.errors import SinkError
from edge.video_writer import VideoWriter

noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    with VideoWriter(sys.argv[1], (320, 240), 25) as writer:
        for _ in range(60):
            writer.write(noise)
except SinkError as error:
    print(error)
"""


def grey(level: int, size_wh: tuple[int, int] = (64, 48)) -> npt.NDArray[np.uint8]:
    return np.full((size_wh[1], size_wh[0], 3), level, dtype=np.uint8)


def read_levels(path: Path) -> list[float]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    levels: list[float] = []
    while True:
        ok, image = capture.read()
        if not ok:
            return levels
        levels.append(float(np.asarray(image).mean()))


@pytest.mark.parametrize("name", ["out.mp4", "out.avi", "OUT.MP4"])
def test_every_frame_comes_back_in_order(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with VideoWriter(path, (64, 48), 25) as writer:
        for level in range(20, 220, 10):
            writer.write(grey(level))
    np.testing.assert_allclose(read_levels(path), np.arange(20, 220, 10), atol=4)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(25)


def test_the_name_appears_only_once_the_video_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"an earlier video")
    with VideoWriter(path, (64, 48), 25) as writer:
        for _ in range(10):
            writer.write(grey(100))
        assert path.read_bytes() == b"an earlier video"
    assert len(read_levels(path)) == 10
    assert [file.name for file in tmp_path.iterdir()] == ["out.mp4"]


def test_an_exception_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        VideoWriter(tmp_path / "out.mp4", (64, 48), 25) as writer,
    ):
        writer.write(grey(100))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_video_of_no_frames_leaves_no_file(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", (64, 48), 25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_odd_sides_lose_their_last_column_and_row(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (65, 49), 25) as writer:
        writer.write(grey(100, (65, 49)))
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    size = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    assert size == (64, 48)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((48, 63, 3), np.uint8),
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 4), np.uint8),
        np.zeros((48, 64, 3), np.float32),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(tmp_path: Path, image: npt.NDArray[np.uint8]) -> None:
    with (
        pytest.raises(ValueError, match=r"\(48, 64, 3\) uint8"),
        VideoWriter(tmp_path / "out.mp4", (64, 48), 25) as writer,
    ):
        writer.write(image)


def test_a_closed_video_takes_no_frame(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48), 25)
    writer.close()
    with pytest.raises(ValueError, match="already closed"):
        writer.write(grey(100))


@pytest.mark.parametrize(
    ("name", "size_wh", "fps"),
    [
        ("out.mov", (64, 48), 25.0),
        ("out", (64, 48), 25.0),
        ("out.mp4", (1, 1), 25.0),
        ("out.mp4", (64, 48), 0.0),
        ("out.mp4", (64, 48), float("nan")),
        ("out.mp4", (64, 48), float("inf")),
    ],
)
def test_what_no_video_can_be_is_refused(tmp_path: Path, name: str, size_wh: tuple[int, int], fps: float) -> None:
    with pytest.raises(ValueError):
        VideoWriter(tmp_path / name, size_wh, fps)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="folder isn't there"):
        VideoWriter(tmp_path / "nowhere" / "out.mp4", (64, 48), 25)


def test_a_name_taken_by_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").mkdir()
    with (
        pytest.raises(SinkError, match="is a folder"),
        VideoWriter(tmp_path / "out.mp4", (64, 48), 25) as writer,
    ):
        writer.write(grey(100))


def test_a_full_disk_is_said_and_leaves_no_half_video(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    done = subprocess.run(
        [sys.executable, "-c", WRITE_ON_A_FULL_DISK, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "of 60 frames reached the disk" in done.stdout
    assert list(tmp_path.iterdir()) == []
