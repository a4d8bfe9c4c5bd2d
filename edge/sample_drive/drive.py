"""The sample drive: frames of a car's camera on a German country road, with exact truth."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.mounting import Mounting
from edge.sample_drive.camera import FOCAL_WIDTHS, SPEED_M_S, Road, View
from edge.sample_drive.daylight import Daylight
from edge.sample_drive.drawings import sign_outline
from edge.sample_drive.layout import Layout, PlacedSign, arrange
from edge.sample_drive.lens import Lens, usual_camera, usual_mounting
from edge.sample_drive.scene import Scene, sign_points
from edge.sample_drive.sensor import Sensor
from edge.video_writer import VideoWriter

DEFAULT_SEED = 7
DEFAULT_SIZE_WH = (1280, 720)
DEFAULT_FPS = 25.0
DEFAULT_SECONDS = 24.0

_SMALLEST_SIGN_PX = 8.0
_NEAREST_SIGN_M = 2.5
_SMALLEST_SIDE_PX = 64
_SHAKE_SHARE = 0.0011
_RENDERERS = 2


@dataclass(frozen=True, slots=True)
class TrueSign:
    """What is true of one sign in one frame.

    `sign` counts the physical signs from 0; `class_id` is GTSRB's. `box_xywh_px` is the tight box
    of the sign's outline, exact and unclipped; pixel i covers i to i + 1. `distance_m` is from the
    camera to the sign's middle. `visible` is the share of the box that lies in the picture and
    not behind a nearer sign's box, 0 to 1.
    """

    sign: int
    class_id: int
    box_xywh_px: tuple[float, float, float, float]
    distance_m: float
    visible: float


class SampleDrive:
    """A drive of `seconds` at 14 m/s; the same arguments give the same pixels.

    `size` is (width, height) in pixels. With `camera` and `mounting` it is seen through those, and `size` is the
    camera's. Raises ValueError for sides below 64 px, for a rate or a length that is not positive, and for a camera
    that the drive can't be drawn for (see `Lens`).
    """

    def __init__(
        self,
        seed: int = DEFAULT_SEED,
        size: tuple[int, int] = DEFAULT_SIZE_WH,
        fps: float = DEFAULT_FPS,
        seconds: float = DEFAULT_SECONDS,
        *,
        camera: Camera | None = None,
        mounting: Mounting | None = None,
    ) -> None:
        given = camera is not None or mounting is not None
        self.camera = usual_camera(size) if camera is None else camera
        self.mounting = usual_mounting() if mounting is None else mounting
        size = self.camera.size_px
        if seed < 0:
            raise ValueError(f"seed must not be negative, got {seed}")
        if min(size) < _SMALLEST_SIDE_PX:
            raise ValueError(f"size must be at least {_SMALLEST_SIDE_PX} px each way, got {size}")
        if not 0 < fps < float("inf"):
            raise ValueError(f"fps must be above 0 and finite, got {fps}")
        if not 0 < seconds < float("inf"):
            raise ValueError(f"seconds must be above 0 and finite, got {seconds}")
        self.seed = seed
        self.size = size
        self.fps = fps
        self.seconds = seconds
        self._lens = Lens(self.camera, self.mounting) if given else None

    @property
    def frame_count(self) -> int:
        """How many frames `frames` gives."""
        return max(round(self.seconds * self.fps), 1)

    def frames(self) -> Iterator[tuple[NDArray[np.uint8], list[TrueSign]]]:
        """Render the drive: pairs of a picture, uint8 (h, w, 3), BGR, and its true signs.

        A sign is listed while its box is at least 8 px on its longer side and touches the picture.
        """
        # One generator a purpose, so that a change to one part leaves the others as they were.
        course, placing, light, painting, sensing = np.random.default_rng(self.seed).spawn(5)
        road = Road(phase_rad=float(course.uniform(0.0, 2.0 * np.pi)))
        shake_phases = course.uniform(0.0, 2.0 * np.pi, (2, 3))
        layout = arrange(placing, self.seconds)
        daylight = Daylight(light, layout.shaded_m)
        lens = self._lens
        drawn_wh, focal_widths = (lens.canvas_wh, lens.focal_widths) if lens else (self.size, FOCAL_WIDTHS)
        scene = Scene(painting, layout, daylight, View(road, 0.0, drawn_wh, focal_widths=focal_widths))
        sensor = Sensor(sensing, self.size)
        edges = _edges(layout)

        def render(frame: int) -> tuple[View, NDArray[np.uint8]]:
            now_s = frame / self.fps
            shake = _shake_px(now_s, shake_phases, self.size[0])
            view = View(road, now_s * SPEED_M_S, drawn_wh, shake, focal_widths)
            picture = scene.render(view, now_s)
            return view, lens.picture(picture) if lens else picture

        # OpenCV lets go of the interpreter, so a second thread renders on while this one is read.
        with ThreadPoolExecutor(_RENDERERS) as renderers:
            waiting = deque(renderers.submit(render, frame) for frame in range(min(_RENDERERS, self.frame_count)))
            for frame in range(self.frame_count):
                view, picture = waiting.popleft().result()
                if frame + _RENDERERS < self.frame_count:
                    waiting.append(renderers.submit(render, frame + _RENDERERS))
                exposure = daylight.exposure(view.station_m)
                yield sensor.expose(picture, exposure), _truth(edges, view, lens)


def _shake_px(now_s: float, phases: NDArray[np.float64], width: int) -> tuple[float, float]:
    swing = np.sin(np.array([[5.1, 9.7, 14.3], [7.3, 11.9, 17.2]]) * now_s + phases)
    x, y = (swing * np.array([1.0, 0.5, 0.3])).sum(axis=1) * _SHAKE_SHARE * width
    return float(x) * 0.5, float(y)


def _box(edge_m: NDArray[np.float64], view: View, lens: Lens | None) -> tuple[float, float, float, float]:
    edge = view.project(edge_m)
    edge = lens.points(edge) if lens else edge
    left, top = edge.min(axis=0)
    right, bottom = edge.max(axis=0)
    return float(left), float(top), float(right - left), float(bottom - top)


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Give the share of the first box that the second covers."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(down, 0.0) / (one[2] * one[3])


def _edges(layout: Layout) -> list[tuple[PlacedSign, NDArray[np.float64]]]:
    """Give each sign with its outline in road coordinates (n, 3), in the order of the drive."""
    signs = sorted(layout.signs, key=lambda sign: sign.centre_m[2])
    return [(sign, sign_points(sign, sign_outline(sign.class_id))) for sign in signs]


def _truth(edges: list[tuple[PlacedSign, NDArray[np.float64]]], view: View, lens: Lens | None) -> list[TrueSign]:
    """List the true signs of a view, nearest first."""
    width, height = lens.size_wh if lens else view.size_wh
    picture = (0.0, 0.0, float(width), float(height))
    found: list[TrueSign] = []
    nearer: list[tuple[float, float, float, float]] = []
    for sign, edge_m in edges:
        ahead = sign.centre_m[2] - view.station_m
        if ahead < _NEAREST_SIGN_M or sign.width_m * view.focal_px < 0.9 * _SMALLEST_SIGN_PX * ahead:
            continue
        box = _box(edge_m, view, lens)
        if not np.isfinite(box).all():
            continue  # a lens doesn't take every ray
        hidden = max((_overlap(box, other) for other in nearer), default=0.0)
        visible = max(_overlap(box, picture) - hidden, 0.0)
        nearer.append(box)
        if max(box[2:]) >= _SMALLEST_SIGN_PX and visible > 0.0:
            distance = float(np.linalg.norm(view.relative_m(np.array(sign.centre_m))))
            found.append(TrueSign(sign.sign, sign.class_id, box, distance, min(visible, 1.0)))
    return found


def write_drive(
    path: Path,
    truth_path: Path | None = None,
    drive: SampleDrive | None = None,
    report: Callable[[int, int], None] | None = None,
) -> int:
    """Render a drive into an MP4 and, where `truth_path` is given, its truth as JSON lines.

    A line is {"frame", "signs": [{"sign", "class_id", "box", "distance_m", "visible"}]}, one for
    each frame. Without `drive` it is the default one. `report` gets
    frames done and frames in all. Returns the number of frames written.
    """
    drive = SampleDrive() if drive is None else drive
    lines: list[str] = []
    with VideoWriter(path, size_wh=drive.size, fps=drive.fps) as writer:
        for frame, (picture, truth) in enumerate(drive.frames()):
            writer.write(picture)
            signs = [
                {
                    "sign": sign.sign,
                    "class_id": sign.class_id,
                    "box": [round(value, 2) for value in sign.box_xywh_px],
                    "distance_m": round(sign.distance_m, 2),
                    "visible": round(sign.visible, 3),
                }
                for sign in truth
            ]
            lines.append(json.dumps({"frame": frame, "signs": signs}))
            if report is not None:
                report(len(lines), drive.frame_count)
    if truth_path is not None:
        truth_path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return len(lines)
