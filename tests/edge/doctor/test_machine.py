import errno
import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from edge.doctor import machine as module
from edge.doctor.machine import (
    check_clock,
    check_compiled_code,
    check_disk,
    check_gpu,
    check_recording,
    check_screen,
)


def test_the_clock_of_this_machine_can_be_asked() -> None:
    finding = check_clock()
    assert finding.check == "clock" and finding.state in ("ok", "warning")
    assert "UTC" in finding.found
    assert (finding.mend is None) == (finding.state == "ok")


@pytest.mark.parametrize(
    ("kernel", "timedate", "state"),
    [
        (True, None, "ok"),
        (False, "yes", "warning"),
        (None, "yes", "ok"),
        (None, "no", "warning"),
        (None, None, "warning"),
    ],
)
def test_the_kernel_knows_best_whether_it_is_synchronised(
    monkeypatch: pytest.MonkeyPatch, kernel: bool | None, timedate: str | None, state: str
) -> None:
    monkeypatch.setattr(module, "_kernel_is_synchronised", lambda: kernel)
    monkeypatch.setattr(module, "_output", lambda command: timedate)
    assert check_clock().state == state


def test_a_clock_without_a_battery_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.doctor.machine.time.time", lambda: 60.0)
    finding = check_clock()
    assert (finding.state, "1970-01-01 00:01:00" in finding.found) == ("warning", True)


def test_a_disk_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = check_disk(tmp_path)
    assert finding.state == "ok" and str(tmp_path) in finding.found
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(module, "LEAST_FREE_BYTES", 2**62)
    assert check_disk(tmp_path).mend == "make room"


def test_where_it_shall_be_recorded_is_written_to_and_nothing_is_left(tmp_path: Path) -> None:
    finding = check_recording(tmp_path / "drives" / "today")
    assert (finding.check, finding.state) == ("record", "ok")
    assert str(tmp_path) in finding.found
    assert not list(tmp_path.iterdir())
    assert check_recording(Path("/proc/drives")).state == "warning"


def test_a_disk_that_is_full_or_read_only_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_disk(tmp_path / "nowhere").state == "warning"

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert "can't be written (No space left on device)" in check_disk(tmp_path).found


def test_compiled_code_has_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = check_compiled_code()
    assert finding.state == "ok" and "compiled code" in finding.found

    def nowhere() -> Path:
        raise RuntimeError("cannot cache function")

    monkeypatch.setattr(module, "code_folder", nowhere)
    broken = check_compiled_code()
    assert (broken.state, "NUMBA_CACHE_DIR" in (broken.mend or "")) == ("broken", True)


def test_a_screen_is_asked_whether_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_screen({}).state == "ok", "a run needs none"
    assert check_screen({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}).state == "warning"
    monkeypatch.setattr(module, "X11_SOCKETS", tmp_path)
    assert check_screen({"DISPLAY": ":7.0"}).state == "warning"
    with socket.socket(socket.AF_UNIX) as x11:
        x11.bind(str(tmp_path / "X7"))
        x11.listen()
        assert check_screen({"DISPLAY": ":7.0"}).found == "X11 display :7.0"
    assert check_screen({"DISPLAY": "10.0.0.9:0"}).state == "ok"


def test_a_gpu_is_named_and_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_gpu("auto").found.startswith("none")
    fake = tmp_path / "nvidia-smi"
    fake.write_text(f"#!{sys.executable}\nprint('NVIDIA Jetson, 8192 MiB')\n", encoding="utf-8")
    fake.chmod(0o755)
    assert check_gpu("auto").found.startswith("NVIDIA Jetson, 8192 MiB, which LiteRT doesn't use")


def test_the_keras_backend_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    finding = check_gpu("keras")
    assert (finding.state, finding.mend) == ("broken", "pip install 'signwatch[train]'")
