import threading
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.errors import SinkError
from edge.frame import Frame
from edge.messages import FRAME_TOPIC, HEALTH_TOPIC, INFO_TOPIC, FrameMessage, decode_topic, encode
from edge.recording import recorder as module
from edge.recording.file import CHUNK_BYTES
from edge.recording.layout import decode_image, encode_image
from edge.recording.reader import Recorded, Recording
from edge.recording.recorder import Recorder
from edge.recording.settings import RecordingSettings
from tests.edge.messages import HEALTH, INFO, MESSAGE, SIGN
from tests.edge.recording.full_disk import fill, small_disk
from tests.waiting import eventually

FPS = 20
SIZE_HW = (96, 128)


def frame(number: int, size_hw: tuple[int, int] = SIZE_HW) -> Frame:
    noise = np.random.default_rng(number).integers(0, 256, (*size_hw, 3), np.uint8)
    return Frame(noise, number, 1000 + number, 10**12 + number * 10**9 // FPS, None, None)


def message(number: int, *, sign: bool = False) -> FrameMessage:
    return msgspec.structs.replace(MESSAGE, seq=number, frame=number, signs=(SIGN,) if sign else ())


def recorder_of(folder: Path, said: list[str] | None = None, **settings: object) -> Recorder:
    asked = {"everything": True} | settings
    return Recorder(RecordingSettings(folder, **asked), (said if said is not None else []).append)  # type: ignore[arg-type]


def drive(recorder: Recorder, numbers: range, signs: range = range(0)) -> None:
    for number in numbers:
        told = message(number, sign=number in signs)
        recorder.note(FRAME_TOPIC, encode(told))
        recorder.keep(frame(number), told)


def read(folder: Path) -> list[Recorded]:
    found = []
    for path in sorted(folder.glob("*.mcap")):
        recording = Recording(path)
        found += list(recording.messages())
        assert recording.fault is None
    return found


def frame_numbers(messages: list[Recorded]) -> list[int]:
    return [one.sequence for one in messages if one.topic == "image/front"]


def test_everything_is_recorded_in_order_with_its_times(tmp_path: Path) -> None:
    with recorder_of(tmp_path) as recorder:
        recorder.note(INFO_TOPIC, encode(INFO))
        recorder.note(HEALTH_TOPIC, encode(HEALTH))
        drive(recorder, range(10))
    assert (recorder.recorded, recorder.unrecorded, recorder.failing) == (22, 0, False)
    messages = read(tmp_path)
    assert [one.topic for one in messages] == ["info", "health", *(["frame", "image/front"] * 10)]
    assert decode_topic(b"health", messages[1].data) == HEALTH
    assert [one.schema for one in messages[:4]] == [
        "signwatch.info/1",
        "signwatch.health/1",
        "signwatch.frame/1",
        "foxglove.CompressedImage",
    ]
    assert frame_numbers(messages) == list(range(10))
    pictures = [one for one in messages if one.topic == "image/front"]
    assert [decode_image(one.data).timestamp.unix_ns for one in pictures] == [1000 + number for number in range(10)]
    assert np.diff([one.log_ns for one in pictures]).tolist() == [10**9 // FPS] * 9


def test_only_the_seconds_around_a_confirmed_sign_are_recorded(tmp_path: Path) -> None:
    with recorder_of(tmp_path, everything=False, before_s=1.0, after_s=0.5) as recorder:
        for number in range(100):
            recorder.keep(frame(number), message(number, sign=number in range(50, 55)))
    assert frame_numbers(read(tmp_path)) == list(range(30, 65))


def test_a_tentative_sign_is_no_reason(tmp_path: Path) -> None:
    doubtful = msgspec.structs.replace(MESSAGE, signs=(msgspec.structs.replace(SIGN, state="tentative"),))
    with recorder_of(tmp_path, everything=False) as recorder:
        recorder.keep(frame(0), doubtful)
    assert list(tmp_path.iterdir()) == []


def test_files_are_rotated_by_size_each_with_info_and_the_oldest_are_removed(tmp_path: Path) -> None:
    quota, size = 4_000_000, 1_000_000
    with recorder_of(tmp_path, quota_bytes=quota, file_bytes=size) as recorder:
        recorder.note(INFO_TOPIC, encode(INFO))
        for number in range(150):
            recorder.keep(frame(number, (240, 320)), message(number))
            eventually(lambda: not recorder._queue)
    paths = sorted(tmp_path.glob("*.mcap"))
    sizes = [path.stat().st_size for path in paths]
    assert len(paths) >= 2
    assert int(paths[0].name.split("-")[1]) > 1, "the first ones are gone"
    assert sum(sizes) <= quota + CHUNK_BYTES and all(size <= one for one in sizes[:-1])
    for path in paths:
        first = next(Recording(path).messages())
        assert first.topic == "info"
    assert frame_numbers(read(tmp_path))[-1] == 149
    assert recorder.unrecorded == 0


def test_a_file_is_ended_when_it_is_old_enough_though_nothing_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FLUSH_S", 0.05)
    with recorder_of(tmp_path, file_s=0.2) as recorder:
        drive(recorder, range(1))
        eventually(lambda: recorder.recorded == 2)
        (path,) = tmp_path.glob("*.mcap")

        def ended() -> bool:
            recording = Recording(path)
            assert len(list(recording.messages())) == 2
            return recording.fault is None

        eventually(ended)
        drive(recorder, range(1, 2))
    assert len(list(tmp_path.glob("*.mcap"))) == 2


def test_whoever_hands_over_is_never_held_up_and_what_does_not_fit_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(*arguments: object) -> bytes:
        go_on.wait()
        return encode_image(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "encode_image", slow)
    monkeypatch.setattr(module, "MAX_QUEUE_BYTES", 10 * frame(0).image.nbytes)
    said: list[str] = []
    with recorder_of(tmp_path, said) as recorder:
        begun_s = time.monotonic()
        for number in range(50):
            recorder.keep(frame(number), message(number))
        assert time.monotonic() - begun_s < 5, "it would have waited for ever"
        assert recorder.failing
        assert 39 <= recorder.unrecorded <= 40
        go_on.set()
    assert recorder.recorded + recorder.unrecorded == 50
    assert len(said) == 1 and "too slow" in said[0]
    kept = frame_numbers(read(tmp_path))
    assert kept[:10] == list(range(10)) and kept == sorted(kept) and len(kept) == recorder.recorded


def test_a_picture_that_jpeg_cannot_hold_is_counted_and_the_next_is_recorded(tmp_path: Path) -> None:
    with recorder_of(tmp_path) as recorder:
        recorder.keep(frame(0, (1, 70_000)), message(0))
        recorder.keep(frame(1), message(1))
    assert (recorder.recorded, recorder.unrecorded) == (1, 1)


def test_a_defect_in_recording_is_said_and_goes_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise AssertionError("a defect")

    monkeypatch.setattr(module, "encode_image", broken)
    said: list[str] = []
    with recorder_of(tmp_path, said) as recorder:
        recorder.keep(frame(0), message(0))
        eventually(lambda: not recorder._thread.is_alive())
        recorder.keep(frame(1), message(1))
        assert recorder.failing and recorder.unrecorded == 1
    assert "nothing is recorded any more" in said[0] and "a defect" in said[0]


def test_a_full_disk_is_said_once_and_recording_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.1)
    monkeypatch.setattr(module, "FLUSH_S", 0.05)
    monkeypatch.setattr(module, "LATELY_S", 0.5)
    said: list[str] = []
    with small_disk(tmp_path / "disk", "4m") as disk:
        folder = disk / "drives"
        with recorder_of(folder, said, quota_bytes=8_000_000, file_bytes=1_000_000) as recorder:
            drive(recorder, range(10))
            eventually(lambda: recorder.recorded == 20)
            ballast = fill(disk)
            numbers = iter(range(10, 10_000))

            def fails() -> bool:
                number = next(numbers)
                drive(recorder, range(number, number + 1))
                time.sleep(0.02)
                return recorder.unrecorded > 30 and recorder._fault is not None

            eventually(fails)
            assert recorder.failing
            lost = recorder.unrecorded
            ballast.unlink()
            eventually(lambda: not fails() and recorder._fault is None)
            eventually(lambda: not recorder.failing)
        assert "less than their quota of 8 MB" in said[0]
        assert [line.partition(": ")[2] for line in said[1:]] == [
            "nothing is recorded (No space left on device); trying again until it is",
            f"recording goes on; {recorder.unrecorded} entries were left out so far",
        ]
        assert recorder.unrecorded >= lost
        last = next(numbers) - 1
        messages = []
        for path in sorted(folder.glob("*.mcap")):
            recording = Recording(path)
            messages += list(recording.messages())
            assert recording.fault is None or "is cut off" in recording.fault, "never damaged"
        found = frame_numbers(messages)
        assert found[:10] == list(range(10)) and found[-1] == last
        assert len(messages) == recorder.recorded
        assert recorder.recorded + recorder.unrecorded == 2 * (last + 1)


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with recorder_of(tmp_path), pytest.raises(SinkError):
        recorder_of(tmp_path)


def test_a_quota_holds_two_files() -> None:
    with pytest.raises(ValueError, match="holds no two files"):
        RecordingSettings(Path(), quota_bytes=10, file_bytes=6)
