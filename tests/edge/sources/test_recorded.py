from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.recording.file import RecordingFile
from edge.recording.layout import IMAGE_SCHEMA, Entry, decode_image, encode_image
from edge.sources import open_all, open_source
from edge.sources.recorded import open_recorded
from tests.edge.recording.recordings import FPS, MONOTONIC_NS, START_NS, picture, write_recording


def test_pictures_come_with_the_times_and_numbers_of_the_drive(tmp_path: Path) -> None:
    (source,) = open_recorded(write_recording(tmp_path / "a.mcap", 6))
    assert (source.name, source.frame_count, source.live) == ("front", 6, False)
    assert source.fps == pytest.approx(FPS)
    frames = list(source.frames())
    assert [frame.number for frame in frames] == list(range(6))
    assert [frame.captured_ns - START_NS for frame in frames] == [number * 10**9 // FPS for number in range(6)]
    assert [frame.media_s for frame in frames] == pytest.approx([number / FPS for number in range(6)])
    jpeg = np.frombuffer(decode_image(picture(5).data).data, np.uint8)
    assert np.array_equal(frames[5].image, np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)))


def test_each_camera_is_a_source_of_its_own(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", 4, ("rear", "front"))
    assert [(source.name, len(list(source.frames()))) for source in open_all(str(path))] == [("front", 4), ("rear", 4)]
    with pytest.raises(SourceError, match=r"several cameras \(front, rear\)"):
        open_source(str(path))


def test_a_cameras_name_is_fit_to_be_shown(tmp_path: Path) -> None:
    (source,) = open_recorded(write_recording(tmp_path / "a.mcap", 1, ("a\x1b[2J\nb",)))
    assert source.name == "a?[2J?b"
    assert len(list(source.frames())) == 1


def test_a_single_camera_opens_as_any_recording_does(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", 4)
    assert open_source(str(path), name="roof").name == "roof"
    assert open_source(str(path), realtime=True).live


def test_a_recording_that_was_cut_off_gives_its_pictures_and_then_says_so(tmp_path: Path) -> None:
    (source,) = open_recorded(write_recording(tmp_path / "a.mcap", 4, end=False))
    numbers = []
    with pytest.raises(SourceError, match=r"a.mcap is cut off"):
        for frame in source.frames():
            numbers.append(frame.number)
    assert numbers == [0, 1, 2, 3]


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "a.mcap", START_NS, MONOTONIC_NS)
    file.write(picture(0))
    for number, data in ((1, b'{"x":' + b"[" * 100_000), (2, encode_image("front", START_NS, b"no picture"))):
        file.write(Entry("image/front", IMAGE_SCHEMA, data, MONOTONIC_NS, START_NS, number))
    file.write(picture(3))
    file.close()
    (source,) = open_recorded(tmp_path / "a.mcap")
    assert [frame.number for frame in source.frames()] == [0, 3]
    assert source.skipped == ["frame 1", "frame 2"]


def test_time_never_runs_backwards(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "a.mcap", START_NS, MONOTONIC_NS)
    for number in (5, 0, 6):
        file.write(picture(number))
    file.close()
    (source,) = open_recorded(tmp_path / "a.mcap")
    assert [frame.media_s for frame in source.frames()] == pytest.approx([0, 0, 1 / FPS])


@pytest.mark.parametrize("content", [b"", b"no recording"])
def test_what_is_no_recording_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mcap").write_bytes(content)
    with pytest.raises(SourceError, match="is no MCAP recording"):
        open_source(str(tmp_path / "a.mcap"))


def test_a_recording_without_pictures_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no pictures"):
        open_recorded(write_recording(tmp_path / "a.mcap", 2, ()))
