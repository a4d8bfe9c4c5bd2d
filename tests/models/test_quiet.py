import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.quiet import quiet_native_code

PROJECT = Path(__file__).resolve().parents[2]
SAID_MEANWHILE = """
import os, sys, threading
from models.quiet import quiet_native_code
before = len(os.listdir("/proc/self/fd"))
for number in range(3):
    with quiet_native_code():
        os.write(2, b"chat of a library")
        other = threading.Thread(target=lambda: print("a camera is gone", number, file=sys.stderr))
        other.start()
        other.join()
del other  # a thread holds on to standard error
print("afterwards", len(os.listdir("/proc/self/fd")) - before, file=sys.stderr)
"""


def test_only_what_native_code_writes_is_dropped() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", SAID_MEANWHILE], cwd=PROJECT, capture_output=True)
    assert done.stderr.decode().splitlines() == [*(f"a camera is gone {number}" for number in range(3)), "afterwards 0"]


def test_an_error_comes_through_and_the_silence_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), quiet_native_code():
        os.write(2, b"chat of a library")
        raise ZeroDivisionError
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"
