import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import SourceError, SourceTruncated
from edge.frame import Frame
from edge.opencv_log import quiet_opencv
from edge.sources import VideoSource
from edge.sources.video import MISSING_FRAMES_ALLOWED
from edge.video_writer import VideoWriter

FRAMES = 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording whose index stands first, as cameras that write fragments leave it.

    40 frames of 96x64 px at 25 fps; the grey level of frame i is 20 + 5 i, below noise, which
    keeps the compressed frames of about the same size.
    """
    path = tmp_path_factory.mktemp("video") / "drive.mp4"
    random = np.random.default_rng(3)
    with VideoWriter(path, (96, 64), 25) as writer:
        for number in range(FRAMES):
            noise = random.integers(-15, 16, (64, 96, 3))
            writer.write((20 + 5 * number + noise).clip(0, 255).astype(np.uint8))
    path.write_bytes(with_index_first(path.read_bytes()))
    return path


def with_index_first(content: bytes) -> bytes:
    """Move the moov box of an MP4 before its media, and what it says of places with it."""
    begin, end = content.index(b"mdat") - 4, content.index(b"moov") - 4
    index = bytearray(content[end:])
    places = index.index(b"stco") + 8
    for entry in range(int.from_bytes(index[places : places + 4], "big")):
        at = slice(places + 4 + 4 * entry, places + 8 + 4 * entry)
        index[at] = (int.from_bytes(index[at], "big") + len(index)).to_bytes(4, "big")
    return content[:begin] + bytes(index) + content[begin:end]


def cut(path: Path, into: Path, share: float) -> Path:
    content = path.read_bytes()
    into.write_bytes(content[: int(len(content) * share)])
    return into


def read_until_error(source: VideoSource) -> Iterator[Frame | SourceError]:
    try:
        yield from source.frames()
    except SourceError as error:
        yield error


def test_every_frame_comes_in_order_with_its_number_and_time(recording: Path) -> None:
    with VideoSource(recording) as source:
        assert (source.name, source.live, source.frame_count) == ("drive.mp4", False, FRAMES)
        assert source.fps == pytest.approx(25)
        frames = list(source.frames())
    assert [frame.number for frame in frames] == list(range(FRAMES))
    np.testing.assert_allclose([frame.media_s for frame in frames], np.arange(FRAMES) / 25)  # type: ignore[arg-type]
    levels = [frame.image.mean() for frame in frames]
    np.testing.assert_allclose(levels, 20 + 5 * np.arange(FRAMES), atol=4)
    assert all(frame.image.shape == (64, 96, 3) for frame in frames)
    assert all(frame.image.dtype == np.uint8 for frame in frames)
    captured = [frame.captured_monotonic_ns for frame in frames]
    assert captured == sorted(captured)


def test_colours_are_bgr(tmp_path: Path) -> None:
    red = np.full((64, 96, 3), (20, 30, 200), dtype=np.uint8)
    with VideoWriter(tmp_path / "red.avi", (96, 64), 25) as writer:
        writer.write(red)
    with VideoSource(tmp_path / "red.avi") as source:
        (frame,) = source.frames()
    np.testing.assert_allclose(frame.image.mean(axis=(0, 1)), (20, 30, 200), atol=6)


def test_a_recording_cut_off_gives_what_can_be_read_and_then_says_how_much(recording: Path, tmp_path: Path) -> None:
    with VideoSource(cut(recording, tmp_path / "cut.mp4", 0.5)) as source:
        *frames, error = read_until_error(source)
    assert isinstance(error, SourceTruncated)
    assert error.read == len(frames)
    assert error.expected == FRAMES
    assert 0.3 * FRAMES < error.read < 0.7 * FRAMES
    assert [frame.number for frame in frames if isinstance(frame, Frame)] == list(range(error.read))


def test_a_recording_cut_off_before_its_index_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "drive.mp4"
    with VideoWriter(path, (96, 64), 25) as writer:
        for _ in range(FRAMES):
            writer.write(np.zeros((64, 96, 3), dtype=np.uint8))
    with pytest.raises(SourceTruncated, match="index is missing") as caught:
        VideoSource(cut(path, tmp_path / "cut.mp4", 0.5))
    assert (caught.value.read, caught.value.expected) == (0, None)


@pytest.mark.parametrize("index_first", [True, False])
def test_wherever_a_recording_is_cut_off_the_frames_before_are_read_or_the_reason_is_given(
    recording: Path, tmp_path: Path, index_first: bool
) -> None:
    path = recording if index_first else tmp_path / "drive.mp4"
    if not index_first:
        with VideoWriter(path, (96, 64), 25) as writer, VideoSource(recording) as whole:
            for frame in whole.frames():
                writer.write(frame.image)
    counts = []
    for place in range(50):
        piece = cut(path, tmp_path / "cut.mp4", place / 50)
        try:
            with VideoSource(piece) as source:
                found = list(read_until_error(source))
        except SourceError:
            continue
        frames = [item for item in found if isinstance(item, Frame)]
        error = found[-1]
        assert isinstance(error, SourceTruncated) or len(frames) >= FRAMES - MISSING_FRAMES_ALLOWED
        levels = [frame.image.mean() for frame in frames[:-1]]  # of the last one half may be missing
        np.testing.assert_allclose(levels, 20 + 5 * np.arange(len(levels)), atol=4)
        counts.append(len(frames))
    assert counts == sorted(counts)
    assert (len(counts) > 40 and counts[-1] > 0.9 * FRAMES) if index_first else counts == []


def test_pictures_of_another_size_in_the_middle_are_read_in_the_first_ones_size(tmp_path: Path) -> None:
    path = tmp_path / "changing.mp4"
    noise = np.random.default_rng(3).integers(-15, 16, (64, 96, 3))
    quiet_opencv()
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 25, (96, 64))
    for number in range(FRAMES):
        writer.write((20 + 5 * number + noise).clip(0, 255).astype(np.uint8))
    writer.release()
    content = bytearray(path.read_bytes())
    begins = [match.start() for match in re.finditer(b"\xff\xd8\xff", content)]
    for number in range(FRAMES // 2, FRAMES):  # smaller pictures in the place of the others
        smaller = cv2.imencode(".jpg", np.full((32, 40, 3), 20 + 5 * number, np.uint8))[1].tobytes()
        content[begins[number] : begins[number] + len(smaller)] = smaller
    path.write_bytes(content)
    with VideoSource(path) as source:
        frames = list(source.frames())
    assert {frame.image.shape for frame in frames} == {(64, 96, 3)}
    np.testing.assert_allclose([frame.image.mean() for frame in frames], 20 + 5 * np.arange(FRAMES), atol=4)


def test_broken_packets_in_the_middle_cost_only_themselves(recording: Path, tmp_path: Path) -> None:
    content = bytearray(recording.read_bytes())
    middle = content.index(b"mdat") + (len(content) - content.index(b"mdat")) // 2
    content[middle : middle + 500] = np.random.default_rng(1).bytes(500)
    (tmp_path / "broken.mp4").write_bytes(content)
    with VideoSource(tmp_path / "broken.mp4") as source:
        found = [item for item in read_until_error(source) if isinstance(item, Frame)]
    assert len(found) > FRAMES / 2
    assert found[0].image.mean() < 40 and found[-1].image.mean() > 180, "both ends were read"


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_real_drive_cut_off_gives_what_can_be_read(data_folder: Path, tmp_path: Path, share: float) -> None:
    clip = cut(data_folder / "clips" / "highway-no-signs.mp4", tmp_path / "cut.mp4", share)
    with VideoSource(clip) as source:
        *frames, error = read_until_error(source)
    assert isinstance(error, SourceTruncated)
    assert (error.read, error.expected) == (len(frames), 221)
    assert abs(error.read / 221 - share) < 0.15


@pytest.mark.parametrize(
    ("clip", "count", "fps", "shape"),
    [
        ("coast-60-no-passing.mp4", 56, 29.5, (720, 1280, 3)),
        ("highway-no-signs.mp4", 221, 25, (540, 960, 3)),
    ],
)
def test_a_real_drive_is_read_whole(
    data_folder: Path, clip: str, count: int, fps: float, shape: tuple[int, int, int]
) -> None:
    with VideoSource(data_folder / "clips" / clip) as source:
        assert source.frame_count == count
        assert source.fps == pytest.approx(fps, abs=0.1)
        read = 0
        for frame in source.frames():
            assert frame.image.shape == shape
            read += 1
    assert read == count


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp4", b""),
        ("words.mp4", b"no video at all\n" * 100),
        ("noise.mp4", np.random.default_rng(5).bytes(20_000)),
        ("words.txt", b"FFmpeg would draw this as a terminal does\n" * 100),
        ("playlist.m3u8", b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n"),
    ],
)
def test_a_file_that_is_no_video_is_one_clear_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=f"{name} can't be read as a video"):
        VideoSource(path)
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.mp4 isn't there"):
        VideoSource(tmp_path / "nowhere.mp4")
    with pytest.raises(SourceError, match="is a folder"):
        VideoSource(tmp_path)


def test_a_name_with_a_colon_is_a_file_and_no_protocol(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file:drive 12:30.mp4").write_bytes(recording.read_bytes())
    with VideoSource("file:drive 12:30.mp4") as source:
        assert sum(1 for _ in source.frames()) == FRAMES


def test_an_estimated_count_is_no_truncation(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Matroska's count is duration times rate; where the rate varies, fewer frames are right."""

    real_capture = cv2.VideoCapture

    class Estimating:  # no subclass: OpenCV's own types don't survive one
        def __init__(self, *arguments: object) -> None:
            self.capture = real_capture(*arguments)
            self.isOpened = self.capture.isOpened
            self.read = self.capture.read
            self.release = self.capture.release

        def get(self, property_id: int) -> float:
            inflated = property_id in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS)
            return self.capture.get(property_id) * (3 if inflated else 1)

    monkeypatch.setattr(cv2, "VideoCapture", Estimating)
    with VideoSource(recording) as source:
        assert source.frame_count == 3 * FRAMES
        assert sum(1 for _ in source.frames()) == FRAMES
