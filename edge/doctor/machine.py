"""What the machine itself offers: clock, disk, room for compiled code, screen, GPU."""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from detector.compiled import code_folder
from edge.doctor.finding import Finding
from models.backends import Backend
from models.quiet import quiet_native_code

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress

ASK_TIMEOUT_S = 5.0
"""Other programs may take so long to answer."""
TIME_ERROR = 5
"""adjtimex's answer where the clock is not synchronised."""
LEAST_FREE_BYTES = 200 * 2**20
PROBE_BYTES = 2**20
X11_SOCKETS = Path("/tmp/.X11-unix")


class _Timex(ctypes.Structure):
    """struct timex of <sys/timex.h>; only asked with `modes` 0, so what follows `status` is just room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def check_clock() -> Finding:
    """Whether the clock on the wall is right, as far as the machine knows. Ages never depend on it."""
    now_s = time.time()
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now_s))
    mend = "let timesyncd (`timedatectl set-ntp true`), chrony or a GNSS receiver set it; ages are right without"
    if now_s < Path(__file__).stat().st_mtime:
        return Finding("clock", "warning", f"it says {text} UTC, which is before this program was installed", mend)
    synchronised = _kernel_is_synchronised()
    if synchronised is None:
        synchronised = _timedate_is_synchronised()
    if synchronised is None:
        return Finding("clock", "warning", f"{text} UTC; this machine doesn't tell whether it is synchronised", mend)
    if not synchronised:
        return Finding("clock", "warning", f"{text} UTC, not synchronised", mend)
    return Finding("clock", "ok", f"{text} UTC, synchronised")


def _kernel_is_synchronised() -> bool | None:
    """By adjtimex(2), which every time service tells; None where it may not be asked."""
    with contextlib.suppress(OSError, AttributeError):
        answer: int = ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex()))
        if answer >= 0:
            return answer != TIME_ERROR
    return None


def _timedate_is_synchronised() -> bool | None:
    answer = _output(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    return None if answer not in ("yes", "no") else answer == "yes"


def check_disk(folder: Path) -> Finding:
    """Whether something can be written into a folder, and how much."""
    return _written("disk", folder, "make room, or start in a folder that can be written; a run itself writes nothing")


def check_recording(folder: Path) -> Finding:
    """The same where a run shall record; it makes the folder itself."""
    there = next((parent for parent in (folder, *folder.absolute().parents) if parent.is_dir()), folder)
    return _written(
        "record", there, "make room, or record into a folder that can be written; until then a run only reads"
    )


def _written(check: str, folder: Path, mend: str) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(check, "warning", f"{folder} can't be written ({error.strerror})", mend)
    found = f"{free / 2**30:.1f} GiB free in {folder}"
    if free < LEAST_FREE_BYTES:
        return Finding(check, "warning", found, "make room")
    return Finding(check, "ok", found)


def check_compiled_code() -> Finding:
    """Whether what Numba compiles can be kept: without, nothing runs."""
    try:
        folder = code_folder()
    except RuntimeError:
        mend = "set NUMBA_CACHE_DIR to a folder that can be written"
        return Finding("cache", "broken", "there is no folder to keep compiled code in", mend)
    if any(folder.glob("*.nbi")):
        return Finding("cache", "ok", f"compiled code is kept in {folder}")
    return Finding("cache", "ok", f"compiled code will be kept in {folder}; the first start takes half a minute")


def check_screen(environment: Mapping[str, str]) -> Finding:
    """Whether a window could be shown. A run shows none."""
    wayland, x11 = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if wayland:
        path = Path(environment.get("XDG_RUNTIME_DIR", "/")) / wayland
        return _answered(f"Wayland at {path}", str(path))
    if x11:
        host, _, number = x11.rpartition(":")
        if host in ("", "unix"):
            return _answered(f"X11 display {x11}", str(X11_SOCKETS / f"X{number.partition('.')[0]}"))
        return Finding("screen", "ok", f"X11 display {x11} on another machine")
    return Finding("screen", "ok", "none, and a run needs none; windows can't be shown")


def _answered(what: str, path: str) -> Finding:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ASK_TIMEOUT_S)
        try:
            probe.connect(path)
        except OSError as error:
            mend = "windows can't be shown; start it, or unset the variable"
            return Finding("screen", "warning", f"{what} doesn't answer ({error.strerror or error})", mend)
    return Finding("screen", "ok", what)


def check_gpu(backend: "Backend | RemoteAddress") -> Finding:
    """Which GPU there is, and whether the backend would use it."""
    cards = _output(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"])
    if backend != "keras":
        if not isinstance(backend, str):
            return Finding("gpu", "ok", "none is needed here; the network runs on a server")
        found = f"{'; '.join(cards.splitlines())}, which LiteRT doesn't use" if cards else "none"
        return Finding("gpu", "ok", f"{found}; the network runs on the processor, which is enough")
    try:
        with quiet_native_code():
            import tensorflow

            devices = tensorflow.config.list_physical_devices("GPU")
    except ImportError:
        return Finding("gpu", "broken", "the keras backend needs TensorFlow", "pip install 'signwatch[train]'")
    if devices:
        return Finding("gpu", "ok", f"TensorFlow sees {len(devices)}: {cards or 'no NVIDIA card'}")
    if cards:
        mend = "pip install 'signwatch[train-gpu]' in an environment of its own"
        return Finding("gpu", "warning", f"{cards} is there, and TensorFlow doesn't see it", mend)
    return Finding("gpu", "ok", "none; TensorFlow runs on the processor")


def _output(command: list[str]) -> str | None:
    """What another program answers, one line or more; None where it is missing, fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
