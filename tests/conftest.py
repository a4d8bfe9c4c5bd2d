"""What tests of several packages share."""

import os
import signal
from pathlib import Path

import pytest

from edge.opencv_log import quiet_opencv

PROJECT = Path(__file__).resolve().parent.parent

# A shell starts what runs in its background deaf to Ctrl-C, and so would be every program that a test starts and stops.
signal.signal(signal.SIGINT, signal.default_int_handler)

# FFmpeg's level is read once, when a process opens its first video, which may be a test's own.
quiet_opencv()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data, which is not part of the project; skips where it isn't there.

    `SIGNWATCH_DATA` names it; without, it is looked for beside the project.
    """
    folder = Path(os.environ.get("SIGNWATCH_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} isn't there (SIGNWATCH_DATA names it)")
    return folder
