"""With what an archive is read: what decides what is found, and its hash, by which results are known."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec

from calibration.mounting_file import load_mounted
from edge.placing import Placing
from edge.reader import FrameReader, open_reader
from models.backends import Backend
from models.sign_sizes import Road
from models.weights_record import read_record

FORMAT = 1
"""Of what is remembered; another one is read again."""
DECIDING = ("opencv-python", "opencv-python-headless", "ai-edge-litert", "numba", "numpy", "lap")
"""Packages by whose versions a reading may change in its last bit or more."""


class Settings(msgspec.Struct, frozen=True):
    """Of one run; what a worker needs to read as every other one does."""

    weights: str
    """Folder; the same one on every machine."""
    backend: Backend
    camera_file: str | None
    road: Road
    piece_s: float


def software() -> str:
    """This version, and those of the packages that decide."""
    found = [f"signwatch {metadata.version('signwatch')}"]
    for name in DECIDING:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


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
        _backend(settings, record.files),
        settings.road if settings.camera_file else "",
        settings.piece_s,
    ):
        digest.update(f"{part}\0".encode())
    if settings.camera_file:
        digest.update(Path(settings.camera_file).read_bytes())
    return digest.hexdigest()[:16]


def _backend(settings: Settings, files: dict[str, str]) -> str:
    from models.weights_record import LITERT_INT8

    if settings.backend != "auto":
        return settings.backend
    return "litert-int8" if LITERT_INT8 in files else "litert"


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
