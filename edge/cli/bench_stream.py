"""What benchmarks of a live run have in common: a drive as pictures, and the processes that send and read it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from edge.errors import WireError
from edge.progress import progress_bar
from edge.sample_drive import SampleDrive

DRIVE_SECONDS = 6.0
"""Of the sample drive, sent to and fro."""
DRIVE_SEED = 7
JPEG_QUALITY = 90


def draw_pictures(folder: Path, size_wh: tuple[int, int], fps: float) -> None:
    """Write the drive as JPEGs, for `serving`."""
    drive = SampleDrive(DRIVE_SEED, size=size_wh, fps=fps, seconds=DRIVE_SECONDS)
    with progress_bar("drawing", drive.frame_count) as report:
        for number, (picture, _) in enumerate(drive.frames()):
            cv2.imwrite(str(folder / f"{number:05}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            report(number + 1, drive.frame_count)


@contextmanager
def serving(folder: Path, fps: float, port: int = 0) -> Iterator[int]:
    """A network camera that sends a folder's pictures, in a process that is killed with the block; gives its port."""
    with _process([sys.executable, "-m", "edge.stream_server", str(folder), str(fps), str(port)]) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())


@contextmanager
def running(*arguments: str, address: str = "tcp://127.0.0.1:*") -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`signwatch run` in a process that is killed with the block, and where it publishes: at a free port, or there.

    Raises WireError with its last line where it ends instead.
    """
    command = [sys.executable, "-m", "edge.cli", "run", *arguments, "--publish", address]
    with _process(command) as run:
        assert run.stderr is not None
        line = ""
        for line in run.stderr:
            if line.startswith("publishing"):
                break
        else:
            raise WireError(f"`signwatch run` did not start: {line.strip()}")
        yield run, line.split()[-1]


def end(run: "subprocess.Popen[str]", patience_s: float) -> str:
    """Stop a run as its user does; gives what it said meanwhile. Raises WireError where it ends badly."""
    run.terminate()
    _, said = run.communicate(timeout=patience_s)
    if run.returncode:
        raise WireError(f"`signwatch run` ended with status {run.returncode}: {said.strip().splitlines()[-1]}")
    return said


@contextmanager
def _process(arguments: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
