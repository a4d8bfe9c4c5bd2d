"""With what an archive is read: what decides what is found, and its hash, by which results are known."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec

import detector
from calibration.mounting_file import load_mounted
from edge.frame_reader import FrameReader, open_reader
from edge.placing import Placing
from models.backends import Backend
from models.classifier import chosen_backend
from models.sign_sizes import Road
from models.weights_record import read_record

FORMAT = 1
"""Of what is remembered; another one is read again."""
DECIDING = ("opencv-python", "opencv-python-headless", "ai-edge-litert", "numba", "numpy", "lap")
"""Packages by whose versions a reading may change in its last bit or more."""
DECIDING_CODE = (
    "detector/**/*.py", "detector/weights/*", "calibration/**/*.py", "models/classifier.py", "models/backends/*.py",
    "models/sign_sizes.py", "edge/reader.py", "edge/seeing.py", "edge/placing.py", "edge/sources/*.py",
    "edge/archive/*.py",
)  # fmt: skip


class Settings(msgspec.Struct, frozen=True):
    """Of one run; what a worker needs to read as every other one does."""

    weights: str
    """Folder; the same one on every machine."""
    backend: Backend
    camera_file: str | None
    road: Road
    piece_s: float


@cache
def software() -> str:
    """This version with a hash of the code that decides, and those of the packages that do."""
    found = [f"signwatch {metadata.version('signwatch')}+{_code_hash()}"]
    for name in DECIDING:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def _code_hash() -> str:
    """The head of the SHA-256 of the code and the ranker's weights, by which a change between versions is noticed."""
    root = Path(detector.__path__[0]).parent
    digest = hashlib.sha256()
    for pattern in DECIDING_CODE:
        for file in sorted(root.glob(pattern)):
            digest.update(f"{file.relative_to(root)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def settings_hash(settings: Settings) -> str:
    """SHA-256, its head, of all but the software that decides what is found: weights, camera, options.

    Raises ModelError and OSError where files are missing.
    """
    weights = Path(settings.weights)
    record = read_record(weights)
    digest = hashlib.sha256()
    for part in (
        FORMAT,
        record.catalogue_digest,
        *sorted(record.files.items()),
        record.temperature,
        record.crop_margin,
        chosen_backend(settings.backend, record),
        settings.road if settings.camera_file else "",
    ):
        digest.update(f"{part}\0".encode())
    if settings.camera_file:
        digest.update(Path(settings.camera_file).read_bytes())
    return digest.hexdigest()[:16]


@cache
def reader_of(settings: Settings) -> FrameReader:
    """The networks, loaded once in each worker, with one thread each: other cores read other pieces."""
    return open_reader(Path(settings.weights), settings.backend, threads=1)


def placing_of(settings: Settings) -> Placing | None:
    """What places the signs of a recording, where the camera is known."""
    if settings.camera_file is None:
        return None
    mounted = load_mounted(Path(settings.camera_file))
    return Placing(mounted, reader_of(settings).catalogue, settings.road)


def is_watched(settings: Settings) -> bool:
    """Whether the camera's mounting is watched over a drive, so that each recording is one piece."""
    return settings.camera_file is not None and load_mounted(Path(settings.camera_file)).mounting is not None
