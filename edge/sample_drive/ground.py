"""The ground: asphalt with its markings, gravel edge, grass and fields, in perspective.

A picture row shows the ground at one distance, so each row is sampled from a texture that was
averaged along the road as far as that row (and the open shutter) reaches.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.camera import (
    CAMERA_HEIGHT_M,
    CAMERA_OFFSET_M,
    EXPOSURE_S,
    SPEED_M_S,
    View,
)
from edge.sample_drive.compositing import HAZE_BGR, HAZE_LENGTH_M, Image, lay_over
from edge.sample_drive.daylight import Daylight
from edge.sample_drive.noise import fractal_noise, mottled, to_bytes

_ROAD_HALF_M = 5.6
_ROAD_LENGTH_M = 72.0
_ROAD_PX_PER_M = 56.0
_ROAD_PX_PER_M_ALONG = 24.0
_GRASS_SIDE_M = 32.0
_GRASS_PX_PER_M = 24.0
_FIELD_SIDE_M = 256.0
_FARTHEST_M = 900.0
_LEVELS = 10
_PATCH_SIDE_PX = 512
_PATCH_PX_PER_M = 10.0

_LANE_EDGE_M = 3.35
_ASPHALT_EDGE_M = 3.75
_VERGE_EDGE_M = 4.7
_MARKING_M = 0.14
_DASH_M, _DASH_PERIOD_M = 4.0, 12.0


def _draw_road(rng: np.random.Generator) -> Image:
    """Draw the road from above, premultiplied BGRA; rows run along it, columns across."""
    rows = int(_ROAD_LENGTH_M * _ROAD_PX_PER_M_ALONG)
    columns = int(2 * _ROAD_HALF_M * _ROAD_PX_PER_M)
    offset = (np.arange(columns) + 0.5) / _ROAD_PX_PER_M - _ROAD_HALF_M
    along = (np.arange(rows) + 0.5) / _ROAD_PX_PER_M_ALONG
    cloudy = fractal_noise(rng, (rows // 4, columns // 4), 1.3)
    patchy = np.asarray(cv2.resize(cloudy, (columns, rows), interpolation=cv2.INTER_CUBIC))
    grain = fractal_noise(rng, (rows, columns), 0.25)
    colour = mottled((126.0, 123.0, 120.0), grain, 0.075)
    colour *= (1.0 + 0.035 * patchy)[..., None]
    wheel_paths = sum(np.exp(-(((np.abs(offset) - place) / 0.32) ** 2)) for place in (0.95, 2.45))
    colour *= (1.0 - 0.07 * np.asarray(wheel_paths, np.float32))[None, :, None]
    _draw_seams(colour, rng)

    white = np.array([228.0, 230.0, 228.0], np.float32)
    worn = np.clip(0.93 + 0.05 * patchy + 0.04 * grain, 0.0, 1.0)[..., None]
    edge_lines = np.abs(np.abs(offset) - _LANE_EDGE_M) < _MARKING_M / 2
    dashes = (along % _DASH_PERIOD_M < _DASH_M)[:, None] & (np.abs(offset) < _MARKING_M / 2)[None]
    marked = (dashes | edge_lines[None]).astype(np.float32)
    marked = np.asarray(cv2.GaussianBlur(marked, (0, 0), 0.7), np.float32)[..., None] * worn
    colour = colour * (1.0 - marked) + white * marked

    ragged = np.abs(offset)[None] + 0.10 * patchy
    gravel = mottled((122.0, 138.0, 148.0), grain, 0.16)
    to_gravel = np.clip((ragged - _ASPHALT_EDGE_M) / 0.12, 0.0, 1.0)[..., None]
    colour = colour * (1.0 - to_gravel) + gravel * to_gravel
    alpha = np.clip((_VERGE_EDGE_M - ragged - 0.22 * grain) / 0.7, 0.0, 1.0)
    alpha[:, [0, -1]] = 0.0
    return to_bytes(np.dstack([colour * alpha[..., None], 255.0 * alpha]))


def _draw_seams(colour: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw the tar-filled cracks and patches that every old road has."""
    rows, columns = colour.shape[:2]
    for _ in range(9):
        walk = np.cumsum(rng.normal(0.0, 3.0, 40))
        start_row = rng.uniform(0, rows)
        x = columns * rng.uniform(0.20, 0.80) + walk
        y = start_row + np.arange(40) * rng.uniform(1.0, 6.0)
        line = np.column_stack([x, y]).astype(np.int32)
        cv2.polylines(colour, [line], False, (62.0, 60.0, 59.0), 2, cv2.LINE_AA)
    for _ in range(4):
        x0, y0 = int(columns * rng.uniform(0.20, 0.64)), int(rows * rng.uniform(0.0, 0.9))
        x1, y1 = x0 + int(rng.uniform(60, 110)), y0 + int(rng.uniform(40, 160))
        colour[y0:y1, x0:x1] *= 0.86


def _draw_grass(rng: np.random.Generator) -> Image:
    side = int(_GRASS_SIDE_M * _GRASS_PX_PER_M)
    blades = fractal_noise(rng, (side, side), 0.45)
    clumps = fractal_noise(rng, (side, side), 1.1)
    dry = np.clip(0.5 + 0.35 * fractal_noise(rng, (side, side), 1.4), 0.0, 1.0)[..., None]
    green = np.array([58.0, 110.0, 98.0], np.float32)
    straw = np.array([98.0, 148.0, 150.0], np.float32)
    colour = green * (1.0 - dry) + straw * dry
    return to_bytes(colour * (1.0 + 0.24 * blades + 0.13 * clumps)[..., None])


def _draw_fields(rng: np.random.Generator) -> Image:
    """Draw what tints the land at large: 128 leaves the grass as it is."""
    side = int(_FIELD_SIDE_M)
    tint = 128.0 + 14.0 * fractal_noise(rng, (side, side), 1.2)[..., None] * np.ones(3, np.float32)
    edge = 0
    while edge < side:
        depth = int(rng.uniform(30, 70))
        kinds = np.array([[128, 128, 128], [104, 138, 156], [120, 138, 122], [124, 124, 140]])
        kind = kinds[rng.integers(len(kinds))].astype(np.float32) / 128.0
        # The outer quarters lie beyond the verge, left and right of the road.
        tint[edge : edge + depth, : int(side * 0.42)] *= kind
        kind = kinds[rng.integers(len(kinds))].astype(np.float32) / 128.0
        tint[edge : edge + depth, int(side * 0.58) :] *= kind
        edge += depth
    return to_bytes(np.asarray(cv2.GaussianBlur(tint, (0, 0), 1.2), np.float32))


def _averaged_along(texture: Image, px_per_m: float, px_per_m_along: float, focal_px: float) -> list[Image]:
    """Halve the texture along the road again and again, blurring across as distance would."""
    levels = [texture]
    for level in range(1, _LEVELS):
        rows = max(levels[-1].shape[0] // 2, 1)
        along = cv2.resize(levels[-1], (texture.shape[1], rows), interpolation=cv2.INTER_AREA)
        reach_m = np.sqrt(2.0**level / px_per_m_along * focal_px * CAMERA_HEIGHT_M)
        across_px = reach_m / focal_px * px_per_m
        if across_px > 1.0:
            along = cv2.GaussianBlur(
                along, (0, 0), sigmaX=0.3 * across_px, sigmaY=0.01, borderType=cv2.BORDER_REPLICATE
            )
        levels.append(np.asarray(along, np.uint8))
    return levels


class Ground:
    """Draws the ground for one focal length; holds the averaged textures."""

    def __init__(self, rng: np.random.Generator, focal_px: float) -> None:
        self._road = _averaged_along(_draw_road(rng), _ROAD_PX_PER_M, _ROAD_PX_PER_M_ALONG, focal_px)
        self._grass = _averaged_along(_draw_grass(rng), _GRASS_PX_PER_M, _GRASS_PX_PER_M, focal_px)
        self._fields = _draw_fields(rng)
        patches = fractal_noise(rng, (_PATCH_SIDE_PX, _PATCH_SIDE_PX), 0.9)
        self._patches = to_bytes(np.clip(patches - 0.35, 0.0, 1.2) * 180.0)

    def draw(self, picture: Image, view: View, daylight: Daylight) -> None:
        """Fill the picture (h, w, 3) below the horizon."""
        first, ahead = row_distances_m(view)
        region = picture[first:]
        rows = _Rows(view, ahead)
        self._draw_land(region, rows)
        self._draw_road(region, rows)
        covered = daylight.covered(rows.station_m)
        if covered.any():
            self._draw_sun_patches(region, rows, covered)

        clear = np.exp(-ahead / HAZE_LENGTH_M)
        own = np.repeat((255.0 * clear * daylight.at(rows.station_m))[:, None], 3, axis=1)
        haze = np.outer(1.0 - clear, HAZE_BGR)
        width = region.shape[1]
        cv2.multiply(region, _rows_to_picture(own, width), dst=region, scale=1.0 / 255.0)
        cv2.add(region, _rows_to_picture(haze, width), dst=region)

    def _draw_land(self, region: Image, rows: "_Rows") -> None:
        # Grass shows no detail as fine as a pixel: every second column will do.
        coarse = (region.shape[1] // 2, region.shape[0])
        offset = rows.offsets_m(np.arange(coarse[0]) * 2.0 + 1.0, slice(None))
        land = np.empty((coarse[1], coarse[0], 3), np.uint8)
        for level, band in rows.bands(_GRASS_PX_PER_M):
            along = rows.station_m[band] / _GRASS_SIDE_M % 1.0 * self._grass[level].shape[0]
            land[band] = _lookup(self._grass[level], offset[band] * _GRASS_PX_PER_M, along - 0.5)
        tint = _lookup(
            self._fields,
            offset[:, 2::4] + np.float32(_FIELD_SIDE_M / 2),
            rows.station_m % _FIELD_SIDE_M,
        )
        tint = np.asarray(cv2.resize(tint, coarse, interpolation=cv2.INTER_LINEAR), np.uint8)
        cv2.multiply(land, tint, dst=land, scale=1.0 / 128.0)
        cv2.resize(land, (region.shape[1], coarse[1]), dst=region, interpolation=cv2.INTER_LINEAR)

    def _draw_road(self, region: Image, rows: "_Rows") -> None:
        last = 2 * _ROAD_HALF_M * _ROAD_PX_PER_M - 1.0
        for level, band in rows.bands(_ROAD_PX_PER_M_ALONG):
            columns = rows.columns_of(_ROAD_HALF_M, band, region.shape[1])
            if columns.start >= columns.stop:
                continue
            offset = rows.offsets_m(np.arange(columns.start, columns.stop) + 0.5, band)
            across = np.clip((offset + _ROAD_HALF_M) * _ROAD_PX_PER_M - 0.5, 0.0, last)
            along = rows.station_m[band] / _ROAD_LENGTH_M % 1.0 * self._road[level].shape[0]
            lay_over(region[band, columns], _lookup(self._road[level], across, along - 0.5))

    def _draw_sun_patches(self, region: Image, rows: "_Rows", covered: NDArray[np.float64]) -> None:
        """Brighten the patches that the sun throws through the leaves, where rows resolve them."""
        strength = covered * np.exp(-rows.reach_m)
        (chosen,) = np.nonzero(strength > 0.02)
        if not len(chosen):
            return
        band = slice(int(chosen[0]), int(chosen[-1]) + 1)
        coarse = np.arange(region.shape[1] // 4) * 4.0 + 2.0
        across = rows.offsets_m(coarse, band) * np.float32(_PATCH_PX_PER_M)
        patches = _lookup(self._patches, across, rows.station_m[band] * _PATCH_PX_PER_M % _PATCH_SIDE_PX)
        gain = 1.0 + strength[band, None] * (patches.astype(np.float32) / 255.0)
        gain_bytes = np.rint(128.0 * np.minimum(gain, 1.99)).astype(np.uint8)
        full = cv2.resize(gain_bytes, (region.shape[1], len(gain)), interpolation=cv2.INTER_LINEAR)
        lit = region[band]
        cv2.multiply(lit, cv2.cvtColor(full, cv2.COLOR_GRAY2BGR), dst=lit, scale=1.0 / 128.0)


class _Rows:
    """The ground as the picture's rows see it, nearest row last."""

    def __init__(self, view: View, ahead_m: NDArray[np.float64]) -> None:
        self.station_m = view.station_m + ahead_m
        self.reach_m = ahead_m**2 / (view.focal_px * CAMERA_HEIGHT_M) + SPEED_M_S * EXPOSURE_S
        self._m_per_px = ahead_m / view.focal_px
        self._offset_at_centre_m = CAMERA_OFFSET_M - view.bend_m(ahead_m)
        self._centre_px = view.centre_px[0]

    def offsets_m(self, columns: NDArray[np.float64], band: slice) -> NDArray[np.float32]:
        """Give the road offset of each pixel, float32 (rows of the band, columns)."""
        right = (columns - self._centre_px).astype(np.float32)
        scale = self._m_per_px[band].astype(np.float32)
        return right * scale[:, None] + self._offset_at_centre_m[band].astype(np.float32)[:, None]

    def columns_of(self, half_m: float, band: slice, width: int) -> slice:
        """Give the picture columns in which the band's rows show offsets up to `half_m`."""
        middle = -self._offset_at_centre_m[band] / self._m_per_px[band] + self._centre_px
        half_px = half_m / self._m_per_px[band]
        start, stop = float((middle - half_px).min()), float((middle + half_px).max())
        return slice(max(int(start), 0), min(int(stop) + 1, width))

    def bands(self, px_per_m_along: float) -> list[tuple[int, slice]]:
        """Group the rows by the texture level whose averaging suits them."""
        levels = np.clip(np.log2(self.reach_m * px_per_m_along).round(), 0, _LEVELS - 1)
        found = []
        for level in np.unique(levels).astype(int):
            (rows,) = np.nonzero(levels == level)
            found.append((int(level), slice(int(rows[0]), int(rows[-1]) + 1)))
        return found


def _lookup(texture: Image, across: NDArray[np.float32], along: NDArray[np.float64]) -> Image:
    along_map = np.repeat(along.astype(np.float32)[:, None], across.shape[1], axis=1)
    sampled = cv2.remap(texture, across, along_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(sampled, np.uint8)


def _rows_to_picture(rows: NDArray[np.float64], width: int) -> Image:
    column = np.clip(np.rint(rows), 0, 255).astype(np.uint8)[:, None]
    return np.asarray(cv2.repeat(column, 1, width), np.uint8)


def row_distances_m(view: View) -> tuple[int, NDArray[np.float64]]:
    """Give the first picture row that shows ground, and each row's distance ahead in metres."""
    horizon = view.centre_px[1]
    first = int(np.ceil(horizon))
    below = np.arange(first, view.size_wh[1]) + 0.5 - horizon
    ahead = view.focal_px * CAMERA_HEIGHT_M / below
    return first, np.minimum(ahead, _FARTHEST_M)
