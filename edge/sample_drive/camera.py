"""The drive's camera and road: where a point of the roadside falls in the picture.

Road coordinates: station `s` in metres along the road, offset `q` in metres to the right of its
middle, height in metres above it. Bends are gentle enough for the small-angle form: the road's
middle lies at lateral place C(s), and the camera looks along its tangent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CAMERA_HEIGHT_M = 1.3
CAMERA_OFFSET_M = 1.75  # middle of the right-hand lane
SPEED_M_S = 14.0
EXPOSURE_S = 0.007

FOCAL_WIDTHS = 1.05  # focal length in picture widths: 51 degrees across, a usual dashcam
HORIZON_HEIGHTS = 0.53
_BEND_AMPLITUDE_M = 5.0
_BEND_LENGTH_M = 400.0


@dataclass(frozen=True, slots=True)
class Road:
    """The road's course: a sine whose `phase_rad` the seed chooses."""

    phase_rad: float

    def lateral_m(self, station_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give C(s), the lateral place of the road's middle."""
        turn = 2.0 * np.pi / _BEND_LENGTH_M
        return _BEND_AMPLITUDE_M * np.sin(turn * station_m + self.phase_rad)

    def heading_rad(self, station_m: float) -> float:
        """Give C'(s), the direction of the road, clockwise positive."""
        turn = 2.0 * np.pi / _BEND_LENGTH_M
        return float(_BEND_AMPLITUDE_M * turn * np.cos(turn * station_m + self.phase_rad))


@dataclass(frozen=True, slots=True)
class View:
    """The camera at one moment, its axis level and along the road.

    `focal_widths` is its focal length in picture widths. `centre_px` is where the direction of travel
    meets the horizon (x, y), shake included; pixel i covers the interval from i to i + 1.
    """

    road: Road
    station_m: float
    size_wh: tuple[int, int]
    shake_px: tuple[float, float] = (0.0, 0.0)
    focal_widths: float = FOCAL_WIDTHS

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.focal_widths * self.size_wh[0]

    @property
    def centre_px(self) -> tuple[float, float]:
        """Vanishing point of the road's tangent, (x, y)."""
        width, height = self.size_wh
        return width / 2.0 + self.shake_px[0], HORIZON_HEIGHTS * height + self.shake_px[1]

    def bend_m(self, ahead_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give how far the road's middle has moved to the right of its tangent, `ahead_m` on."""
        here = self.road.lateral_m(np.array(self.station_m))
        there = self.road.lateral_m(self.station_m + ahead_m)
        return there - here - self.road.heading_rad(self.station_m) * ahead_m

    def relative_m(self, road_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn (..., 3) of (offset, height, station) into (right, down, ahead) of the camera."""
        ahead = road_points[..., 2] - self.station_m
        right = road_points[..., 0] - CAMERA_OFFSET_M + self.bend_m(ahead)
        down = CAMERA_HEIGHT_M - road_points[..., 1]
        return np.stack([right, down, ahead], axis=-1)

    def project(self, road_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project (..., 3) of (offset, height, station), all ahead, to pixels (..., 2)."""
        relative = self.relative_m(road_points)
        scale = self.focal_px / relative[..., 2]
        x, y = self.centre_px
        return np.stack([x + relative[..., 0] * scale, y + relative[..., 1] * scale], axis=-1)

    def smear_px(self, middle_px: NDArray[np.float64], ahead_m: float) -> tuple[float, float]:
        """Give how far what stands at `middle_px` (2,), `ahead_m` on, moves in an exposure (x, y).

        Everything standing moves straight away from the vanishing point.
        """
        share = SPEED_M_S * EXPOSURE_S / ahead_m
        x, y = self.centre_px
        return (float(middle_px[0]) - x) * share, (float(middle_px[1]) - y) * share
