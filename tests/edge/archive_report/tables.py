"""Tables as `signwatch archive` writes them, of drives that never were."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from edge.archive.tables import (
    RECORDINGS,
    RECORDINGS_FILE,
    SIGNS,
    SIGNS_FILE,
    THUMBNAILS,
    THUMBNAILS_FILE,
)
from edge.sample_drive.drawings import draw_sign
from models.catalogue import load_catalogue

CITIES = ((52.2726, 8.0498), (52.3906, 13.0645))
"""Latitude and longitude, degrees: two that are 340 km apart."""
REASONS = ("night", "blurred", "overexposed", "blocked")
BOX = {"x": 600.0, "y": 300.0, "w": 40.0, "h": 40.0}
CATALOGUE = load_catalogue()


def sign(recording: str, track: int, class_id: int, **values: Any) -> dict[str, Any]:
    """A row of the signs that nothing is wrong with, but for what is given."""
    kind = CATALOGUE[class_id]
    at = values.pop("at", 10.0 + track)
    return {
        "recording": recording, "track": track, "class_id": class_id, "code": kind.code, "name": kind.name,
        "category": kind.category, "value": kind.value, "unit": kind.unit, "confidence": 0.99999, "first_s": at - 0.8,
        "last_s": at + 1.5, "confirmed_s": at, "best_s": at + 1.2, "hits": 60, "changes": 0, "time_utc": None,
        "latitude": None, "longitude": None, "first_frame": 0, "last_frame": 60, "boxes": [], "best_box": BOX,
        "bearing_deg": None, "distance_m": None, "distance_std_m": None, "runner_up_class_id": None,
        "runner_up_confidence": None,
    } | values  # fmt: skip


def recording(name: str, **values: Any) -> dict[str, Any]:
    """A row of the recordings."""
    return {
        "recording": name, "content_hash": "0" * 64, "format": "video", "frames": 45000, "fps": 25.0,
        "duration_s": 1800.0, "width": 1360, "height": 800, "started_utc": None, "degraded": [], "state": "done",
        "error": None, "signs": 0, "pieces": 1, "processing_s": 60.0, "software": "0.1.0", "settings_hash": "0" * 16,
    } | values  # fmt: skip


def thumbnail(recording: str, track: int, jpeg: bytes) -> dict[str, Any]:
    """A row of the pictures."""
    return {"recording": recording, "track": track, "jpeg": jpeg}


def write_tables(
    folder: Path,
    signs: Sequence[dict[str, Any]],
    recordings: Sequence[dict[str, Any]],
    thumbnails: Sequence[dict[str, Any]] = (),
) -> Path:
    """Write the three tables; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for rows, schema, name in (
        (signs, SIGNS, SIGNS_FILE), (recordings, RECORDINGS, RECORDINGS_FILE), (thumbnails, THUMBNAILS, THUMBNAILS_FILE)
    ):  # fmt: skip
        pq.write_table(pa.Table.from_pylist(list(rows), schema), folder / name)
    return folder


def write_fleet(folder: Path, signs: int, recordings: int, seed: int = 5) -> Path:
    """An archive of drives through two cities, along the same streets again and again; some readings went wrong."""
    random = np.random.default_rng(seed)
    streets = [_street(random, CITIES[number % 3 // 2]) for number in range(18)]
    pictures = [_pictures(random, class_id) for class_id in range(len(CATALOGUE))]
    rows, of_recordings, thumbnails = [], [], []
    shares = random.dirichlet(np.full(recordings, 2.0)) * signs
    left = signs
    for number in range(recordings):
        name = f"vehicle-{number % 4 + 1}/2026-{10 + number % 2}-{number % 27 + 1:02d}-drive-{number:03d}.mp4"
        started = datetime(2026, 10 + number % 2, number % 27 + 1, 5 + number * 7 % 15, tzinfo=UTC)
        if number % 17 == 16:
            of_recordings.append(
                recording(
                    name, frames=0, duration_s=0.0, state="broken", error=f"{name} is cut off: its index is missing"
                )
            )
            continue
        street, at = int(random.integers(len(streets))), 0.0
        count = min(left, round(shares[number] * 1.06)) if number < recordings - 1 else left
        left -= count
        for track in range(count):
            posts, class_ids = streets[street]
            post = track % len(posts)
            if post == 0:
                street = int(random.integers(len(streets) // 3)) * 3 + street % 3
            at += float(random.exponential(12.0)) + 1
            doubtful = random.random() < 0.03
            class_id = int(class_ids[post])
            if class_id < 9 and random.random() < 0.02:
                class_id = int(random.integers(6))
            place = posts[post] + random.normal(0, 4e-5, 2)
            rows.append(
                sign(
                    name,
                    track + 1,
                    class_id,
                    at=at,
                    time_utc=started + timedelta(seconds=at),
                    latitude=float(place[0]),
                    longitude=float(place[1]),
                    confidence=float(0.9955 + random.random() * 0.004)
                    if doubtful
                    else float(1 - random.random() * 1e-4),
                    hits=int(random.integers(3, 12)) if doubtful else int(random.integers(12, 180)),
                    changes=int(doubtful and random.random() < 0.2),
                    runner_up_class_id=int(random.integers(43)),
                    runner_up_confidence=float(random.random() * 0.0025) if doubtful else 1e-6,
                )
            )
            thumbnails.append(thumbnail(name, track + 1, pictures[class_id][int(random.integers(4))]))
        frames = int(at * 25) + 500
        wrong = [{"reason": REASONS[number % 4], "frames": frames // 9}] if number % 5 == 0 else []
        of_recordings.append(
            recording(name, frames=frames, duration_s=frames / 25, started_utc=started, degraded=wrong)
        )
    return write_tables(folder, rows, of_recordings, thumbnails)


def _street(random: np.random.Generator, city: tuple[float, float]) -> tuple[np.ndarray[Any, Any], Any]:
    """Posts (n, 2) of latitude and longitude along a winding street, and the class on each."""
    count = int(random.integers(25, 70))
    heading = random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.25, count))
    steps_m = random.uniform(60, 400, count)
    north, east = np.cumsum(steps_m * np.cos(heading)), np.cumsum(steps_m * np.sin(heading))
    posts = np.stack([city[0] + north / 111_195, city[1] + east / 111_195 / np.cos(np.radians(city[0]))], axis=1)
    usual = np.array([2, 2, 1, 1, 3, 5, 12, 13, 38, 25, 9, 17, 11, 27, 28, 14, 40, 33, 35, 4, 7])
    return posts, random.choice(np.concatenate([np.repeat(usual, 2), np.arange(43)]), count)


def _pictures(random: np.random.Generator, class_id: int) -> list[bytes]:
    made = []
    for _ in range(4):
        side = int(random.integers(40, 90))
        drawn = draw_sign(class_id, side).astype(np.float32)
        ground = np.full((96, 96, 3), random.integers(80, 180) + random.normal(0, 12, 3), np.float32)
        top, left = (96 - side) // 2, (96 - side) // 2
        share = drawn[:, :, 3:] / 255
        patch = ground[top : top + side, left : left + side]
        patch[:] = drawn[:, :, 2::-1] * share + patch * (1 - share)
        image = cv2.GaussianBlur(ground * random.uniform(0.4, 1.1) + random.normal(0, 9, ground.shape), (0, 0), 0.9)
        made.append(cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8))[1].tobytes())
    return made
