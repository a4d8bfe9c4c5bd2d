"""A camera's intrinsics: which ray a pixel sees, and which pixel a ray meets.

Pixels are OpenCV's: x to the right, y down, and 0, 0 is the centre of the first pixel, so its left edge is at -0.5.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from calibration.errors import CalibrationError
from calibration.lens import Points, Rays, fisheye_points, fisheye_rays, pinhole_points, pinhole_rays

Model = Literal["pinhole", "fisheye"]
DISTORTION: dict[str, tuple[str, ...]] = {
    "pinhole": ("k1", "k2", "p1", "p2", "k3"),
    "fisheye": ("k1", "k2", "k3", "k4"),
}
"""The coefficients of each model's distortion, in OpenCV's order; see `calibration.lens`."""
MATRIX = ("fx", "fy", "cx", "cy")
"""What the camera matrix holds beside zeros and a one, all in px."""
MAX_SIZE_PX = 65536
LARGEST_FOCAL_LENGTH = 100.0
"""In picture widths: half a degree across, narrower than any camera that looks out for signs."""
SMALLEST_FOCAL_LENGTH = 0.05
MAX_OFF_CENTRE = 0.3
"""Of the picture's width and height: further from its middle no lens points, unless the picture was cut or values
changed places."""
MAX_TANGENTIAL = 0.1
"""Of p1 and p2: real lenses stay at a tenth of it."""
MAX_STRETCH = 2.0
"""Between a pixel's width and its height."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How well a calibration knows the camera."""

    views: int
    """Pictures of the board that it was computed from."""
    rms_px: float
    """Root mean square of the distance between corners as found and as the camera projects them."""
    held_out_rms_px: float
    """The same on each view by a camera that was computed without it."""
    matrix_std_px: tuple[float, float, float, float]
    """Standard deviations of fx, fy, cx, cy."""
    distortion_std: tuple[float, ...]
    """Standard deviations of the distortion's coefficients, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """What is known of a camera; the picture is `size_px` large.

    Raises ValueError for what no camera can be, as when values are not finite or changed places.
    """

    name: str
    size_px: tuple[int, int]
    """Width and height."""
    model: Model
    matrix: NDArray[np.float64]
    """(3, 3) float64: fx 0 cx, 0 fy cy, 0 0 1, in px."""
    distortion: NDArray[np.float64]
    """(5,) float64 of a pinhole, (4,) of a fisheye: see `DISTORTION`."""
    accuracy: Accuracy | None = None
    """None where the figures were given by hand."""
    date: str = ""
    """When it was calibrated, as ISO 8601 has it."""
    software: str = ""
    """What calibrated it."""

    def __post_init__(self) -> None:
        for field in ("matrix", "distortion"):
            own = np.array(getattr(self, field), np.float64)
            own.setflags(write=False)
            object.__setattr__(self, field, own)
        fault = self._fault()
        if fault:
            raise ValueError(fault)

    def rays(self, points_px: NDArray[np.floating]) -> Rays:
        """The rays that pixels see.

        Args:
            points_px: (n, 2): x, y; also beyond the picture's edge.

        Returns:
            (n, 3) float64, unit vectors in camera axes: x right, y down, z forward. NaN for a point that no ray
            meets, which only happens where the distortion ends.
        """
        points = (np.asarray(points_px, np.float64) - self.matrix[:2, 2]) / np.diag(self.matrix)[:2]
        rays = (fisheye_rays if self.model == "fisheye" else pinhole_rays)(points, self.distortion)
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))

    def project(self, rays: NDArray[np.floating]) -> Points:
        """The pixels that rays meet.

        Args:
            rays: (n, 3) in camera axes, of any length.

        Returns:
            (n, 2) float64: x, y in px, also beyond the picture's edge. NaN for a ray that the lens doesn't take,
            such as from behind a pinhole camera.
        """
        points = (fisheye_points if self.model == "fisheye" else pinhole_points)(
            np.asarray(rays, np.float64), self.distortion
        )
        return np.asarray(points * np.diag(self.matrix)[:2] + self.matrix[:2, 2])

    def scaled_to(self, size_px: tuple[int, int]) -> Self:
        """The same camera where its whole picture is scaled to another width and height.

        Raises CalibrationError for a picture of another shape. One pixel more or less is rounding.
        """
        width, height = self.size_px
        wide, high = size_px
        if abs(wide * height - high * width) > max(width, height):
            raise CalibrationError(
                f"the camera {self.name} was calibrated at {width}x{height}, and {wide}x{high} is another shape; "
                "calibrate it as it is used"
            )
        factors = np.array([wide / width, high / height])
        matrix = self.matrix.copy()
        matrix[[0, 1], [0, 1]] *= factors
        matrix[:2, 2] = (matrix[:2, 2] + 0.5) * factors - 0.5
        return replace(self, size_px=(wide, high), matrix=matrix)

    def _fault(self) -> str | None:
        """What no camera can be, in words for who wrote the file; None where all is well."""
        width, height = self.size_px
        if not (0 < width <= MAX_SIZE_PX and 0 < height <= MAX_SIZE_PX):
            return f"size_px is {width}, {height}; it takes width and height in px"
        if self.model not in get_args(Model):
            return f"model is {self.model}; it takes {' or '.join(get_args(Model))}"
        names = DISTORTION[self.model]
        if self.matrix.shape != (3, 3):
            return "matrix takes three rows of three numbers"
        if self.distortion.shape != (len(names),):
            return f"distortion of a {self.model} takes {len(names)} numbers: {', '.join(names)}"
        if not (np.isfinite(self.matrix).all() and np.isfinite(self.distortion).all()):
            return "matrix and distortion take finite numbers"
        (fx, skew, cx), (other, fy, cy), last = self.matrix.tolist()
        if (skew, other, last) != (0, 0, [0, 0, 1]):
            return "matrix is not fx 0 cx, 0 fy cy, 0 0 1"
        if not all(SMALLEST_FOCAL_LENGTH * width < f < LARGEST_FOCAL_LENGTH * width for f in (fx, fy)):
            return f"fx {fx:g} and fy {fy:g} are no focal lengths in px of a picture {width} wide"
        if not 1 / MAX_STRETCH < fx / fy < MAX_STRETCH:
            return f"fx {fx:g} and fy {fy:g} differ by more than any camera's; did values change places?"
        if max(abs((cx + 0.5) / width - 0.5), abs((cy + 0.5) / height - 0.5)) > MAX_OFF_CENTRE:
            return f"cx {cx:g} and cy {cy:g} are far from the middle of {width}x{height}; did values change places?"
        tangential = self.distortion[2:4].tolist() if self.model == "pinhole" else [0.0]
        if max(map(abs, tangential)) > MAX_TANGENTIAL:
            return f"p1 and p2 are {tangential}, which no lens has; did values change places?"
        half_way = np.array([width, height]) * [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
        if np.isnan(self.rays(half_way)).any():
            return f"distortion {self.distortion.tolist()} would fold the picture; did values change places?"
        return None
