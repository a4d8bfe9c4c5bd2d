"""A drive and real pictures, drawn and read once."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.sample_drive import SampleDrive
from models.archive import Archive
from models.gtsdb import list_frames, read_frame
from tests.calibration.pictures import Image


@pytest.fixture(scope="package")
def drive() -> list[Image]:
    """A picture every half second of 15 s."""
    return [picture for picture, _ in SampleDrive(8, size=(640, 360), fps=2.0, seconds=15).frames()]


@pytest.fixture(scope="package")
def roads() -> list[Image]:
    """Pictures of three drives, 28 m apart."""
    drives = [SampleDrive(seed, size=(640, 360), fps=0.5, seconds=60) for seed in (7, 8, 9)]
    return [picture for drive in drives for picture, _ in drive.frames()]


@pytest.fixture(scope="package")
def streets(data_folder: Path) -> list[Image]:
    """Sixty real frames from different roads, halved."""
    with Archive(data_folder / "gtsdb-train") as archive:
        return [
            np.asarray(cv2.resize(read_frame(archive, frame), (680, 400), interpolation=cv2.INTER_AREA), np.uint8)
            for frame in list_frames(archive)[:600:10]
        ]


@pytest.fixture(scope="package")
def highway(data_folder: Path) -> list[Image]:
    """Nine seconds of a real drive, 25 frames a second."""
    return clip(data_folder / "clips" / "highway-no-signs.mp4")


@pytest.fixture(scope="package")
def coast(data_folder: Path) -> list[Image]:
    """Two seconds of a real drive against the sun, 29.5 frames a second."""
    return clip(data_folder / "clips" / "coast-60-no-passing.mp4")


def clip(path: Path) -> list[Image]:
    video = cv2.VideoCapture(str(path))
    pictures = []
    while (read := video.read())[0]:
        pictures.append(np.asarray(read[1], np.uint8))
    return pictures
