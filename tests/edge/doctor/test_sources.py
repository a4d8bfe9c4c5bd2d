import threading
from pathlib import Path

import cv2
import pytest

from edge.doctor import sources as module
from edge.doctor.sources import check_cameras, check_source
from edge.sources import CameraSettings, LiveSource, SourceOptions
from edge.sources.pattern import PatternSource
from edge.stream_server import StreamServer
from tests.edge.sources.stand_in import StandInCamera, picture

OPTIONS = SourceOptions(open_timeout_s=1.0, read_timeout_s=1.0)


def jpegs(size_wh: tuple[int, int] = (160, 120)) -> list[bytes]:
    return [cv2.imencode(".jpg", frame.image)[1].tobytes() for frame in PatternSource(size_wh, frame_count=10).frames()]


def test_a_stream_is_opened_and_what_it_gives_is_told() -> None:
    with StreamServer(jpegs(), fps=20) as server:
        finding = check_source(server.address, OPTIONS)
    assert finding.state == "ok", finding
    assert "pictures of 160x120 came, " in finding.found and "a second" in finding.found


def test_a_stream_that_is_not_there_is_broken() -> None:
    finding = check_source("rtsp://user:secret@127.0.0.1:9/front", OPTIONS)
    assert finding.state == "broken"
    assert finding.found == "rtsp://***@127.0.0.1:9/front gives no stream"
    assert finding.mend == "check the address and that the camera is on"


def test_a_camera_that_is_not_there_is_broken() -> None:
    finding = check_source("97", OPTIONS)
    assert (finding.state, "camera 97 can't be opened" in finding.found) == ("broken", True)


@pytest.mark.parametrize("spec", ["/nowhere/drive.mp4", "gopher://10.0.0.5/", ""])
def test_what_is_no_source_is_broken(spec: str) -> None:
    assert check_source(spec, OPTIONS).state == "broken"


def test_a_recording_tells_how_long_it_is() -> None:
    finding = check_source("pattern:64x48@10", OPTIONS)
    assert finding.state == "ok"
    assert "10 a second; 30 pictures of 64x48 came" in finding.found


def camera(monkeypatch: pytest.MonkeyPatch, levels: list[int]) -> StandInCamera:
    stand_in = StandInCamera()
    for level in levels:
        stand_in.pictures.put(picture(level))
    monkeypatch.setattr(
        module,
        "open_source",
        lambda spec, options: LiveSource(stand_in.open, name="front", report=options.report),
    )
    return stand_in


def test_a_camera_that_gives_another_size_than_asked_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    camera(monkeypatch, [200] * module.PICTURES)
    finding = check_source("0", SourceOptions(camera=CameraSettings(size_wh=(1920, 1080))))
    assert (finding.state, finding.mend) == ("warning", "ask for a size that it has; 1920x1080 was asked for")
    assert finding.found.startswith("front gives 6x4; 30 pictures of 6x4 came")


def test_a_camera_with_its_cap_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = camera(monkeypatch, [3] * module.PICTURES)
    assert "all black" in check_source("0", SourceOptions()).found
    assert stand_in.released == stand_in.opened == 1


def test_a_camera_that_never_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.3)
    stand_in = camera(monkeypatch, [])
    finding = check_source("0", SourceOptions())
    assert (finding.state, finding.found) == ("broken", "front hangs: it did not answer for 0.3 s")
    stand_in.pictures.put(None)  # lets the thread end
    for thread in threading.enumerate():
        if thread.name == "doctor":
            thread.join(10)


def test_without_a_source_the_cameras_that_are_there_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "camera_devices", lambda: [])
    assert check_cameras(OPTIONS).found == "no camera is connected"
    monkeypatch.setattr(module, "camera_devices", lambda: ["video97", "video98"])
    none = check_cameras(OPTIONS)
    assert (none.state, "/dev/video97 can't be opened" in none.found) == ("warning", True)


def test_a_picture_that_the_region_does_not_fit_is_broken(tmp_path: Path) -> None:
    from edge.sources import View

    finding = check_source("pattern:64x48@10", SourceOptions(view=View(roi=(0, 0, 100, 100))))
    assert (finding.state, "reaches beyond the picture" in finding.found) == ("broken", True)
