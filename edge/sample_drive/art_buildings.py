"""Faces of houses and the things on posts: walls, roofs, posters, guide posts, poles."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.compositing import Texture, make_texture, opaque
from edge.sample_drive.noise import fractal_noise, mottled, to_bytes

_PX_PER_M = 28.0

_WALL_BGR = (
    (205.0, 218.0, 224.0),
    (176.0, 206.0, 222.0),
    (186.0, 196.0, 200.0),
    (150.0, 178.0, 206.0),
    (205.0, 208.0, 196.0),
    (92.0, 110.0, 150.0),
)
_ROOF_BGR = ((52.0, 62.0, 140.0), (46.0, 58.0, 118.0), (66.0, 64.0, 70.0), (44.0, 52.0, 92.0))


@dataclass(frozen=True, slots=True)
class HouseSkin:
    """The textures of a house: the gable end, the long wall and a roof slope."""

    gable: Texture
    wall: Texture
    roof: Texture


def _window(picture: NDArray[np.float32], x: int, y: int, w: int, h: int, shutter: float) -> None:
    if shutter > 0.5:
        tint = (70.0, 88.0, 62.0) if shutter > 0.75 else (54.0, 66.0, 100.0)
        cv2.rectangle(picture, (x - w // 2, y), (x + w + w // 2, y + h), tint, -1)
    cv2.rectangle(picture, (x - 3, y - 3), (x + w + 3, y + h + 3), (222.0, 224.0, 224.0), -1)
    rows = picture[y : y + h, x : x + w]
    if rows.size == 0:
        return
    fade = np.linspace(1.0, 0.35, rows.shape[0], dtype=np.float32)[:, None, None]
    rows[:] = np.array([104.0, 88.0, 72.0], np.float32) * fade + 14.0
    cv2.line(picture, (x + w // 2, y), (x + w // 2, y + h), (214.0, 216.0, 216.0), 3)
    cv2.line(picture, (x, y + h // 3), (x + w, y + h // 3), (214.0, 216.0, 216.0), 2)
    cv2.rectangle(picture, (x - 6, y + h + 3), (x + w + 6, y + h + 7), (150.0, 154.0, 156.0), -1)


def _wall(
    rng: np.random.Generator, width_m: float, height_m: float, bgr: tuple[float, float, float]
) -> NDArray[np.float32]:
    columns, rows = int(width_m * _PX_PER_M), int(height_m * _PX_PER_M)
    wall = mottled(bgr, fractal_noise(rng, (rows, columns), 0.9), 0.035)
    streaks = np.asarray(cv2.GaussianBlur(fractal_noise(rng, (rows, columns), 0.3), (0, 0), sigmaX=1.5, sigmaY=30))
    wall *= (1.0 + 0.10 * streaks)[..., None]
    wall[int(rows - 0.45 * _PX_PER_M) :] *= 0.72
    return wall


def _add_windows(
    wall: NDArray[np.float32],
    rng: np.random.Generator,
    top_m: float,
    width_m: float,
    height_m: float,
) -> None:
    size_w, size_h = int(1.0 * _PX_PER_M), int(1.25 * _PX_PER_M)
    shutter = rng.uniform()
    storeys = max(int(height_m // 2.6), 1)
    count = max(int(width_m // 2.7), 1)
    door = int(rng.integers(count))
    for storey in range(storeys):
        y = int((top_m + height_m * (storey + 0.5) / storeys) * _PX_PER_M - size_h * 0.55)
        for place in range(count):
            x = int(width_m * (place + 0.5) / count * _PX_PER_M - size_w / 2)
            if storey == storeys - 1 and place == door:
                foot = wall.shape[0] - 1
                cv2.rectangle(
                    wall,
                    (x, foot - int(2.1 * _PX_PER_M)),
                    (x + size_w, foot),
                    (50.0, 62.0, 84.0),
                    -1,
                )
            else:
                _window(wall, x, y, size_w, size_h, shutter)


def _roof(rng: np.random.Generator, length_m: float, slope_m: float) -> Texture:
    columns, rows = int(length_m * _PX_PER_M), int(slope_m * _PX_PER_M)
    bgr = _ROOF_BGR[rng.integers(len(_ROOF_BGR))]
    roof = mottled(bgr, fractal_noise(rng, (rows, columns), 0.8), 0.10)
    tile_rows = 0.82 + 0.24 * ((np.arange(rows) % 11) / 11.0)
    tile_columns = 0.94 + 0.09 * np.sin(np.arange(columns) * 2 * np.pi / 8.0)
    roof *= (tile_rows[:, None] * tile_columns[None]).astype(np.float32)[..., None]
    for _ in range(int(rng.integers(0, 3))):
        x, y = int(rng.uniform(0.1, 0.8) * columns), int(rng.uniform(0.25, 0.5) * rows)
        cv2.rectangle(roof, (x, y), (x + 30, y + 40), (176.0, 160.0, 140.0), -1)
        cv2.rectangle(roof, (x, y), (x + 30, y + 40), (60.0, 60.0, 62.0), 3)
    roof[-8:] = (70.0, 72.0, 74.0)
    return make_texture(opaque(to_bytes(roof)))


def build_house(rng: np.random.Generator, depth_m: float, length_m: float, eaves_m: float, rise_m: float) -> HouseSkin:
    """Build the faces of a house whose gable is `depth_m` wide and whose ridge is `length_m`."""
    bgr = _WALL_BGR[rng.integers(len(_WALL_BGR))]
    wall = _wall(rng, length_m, eaves_m, bgr)
    wall[: int(0.35 * _PX_PER_M)] *= 0.62  # the eaves' shadow
    _add_windows(wall, rng, 0.25, length_m, eaves_m - 0.25)
    gable = _wall(rng, depth_m, eaves_m + rise_m, bgr)
    _add_windows(gable, rng, rise_m, depth_m, eaves_m)
    _window(gable, gable.shape[1] // 2 - 18, int(rise_m * 0.58 * _PX_PER_M), 36, 40, 0.0)
    rows, columns = gable.shape[:2]
    alpha = np.zeros((rows, columns), np.uint8)
    shape = np.array(
        [[0, rows], [0, rise_m * _PX_PER_M], [columns / 2, 0], [columns, rise_m * _PX_PER_M],
         [columns, rows]]
    )  # fmt: skip
    cv2.fillPoly(alpha, [shape.astype(np.int32)], 255, cv2.LINE_AA)
    edge = shape[1:4].astype(np.int32)
    cv2.polylines(gable, [edge], False, (92.0, 96.0, 104.0), 9, cv2.LINE_AA)
    slope_m = float(np.hypot(depth_m / 2.0, rise_m)) + 0.5
    return HouseSkin(
        make_texture(np.dstack([to_bytes(gable), alpha])),
        make_texture(opaque(to_bytes(wall * 0.93))),
        _roof(rng, length_m, slope_m),
    )


def draw_poster(rng: np.random.Generator) -> Texture:
    """Draw an advertisement in loud colours: shapes and bars of writing, no traffic sign."""
    picture = np.zeros((216, 320, 3), np.float32)
    paper = ((36.0, 44.0, 178.0), (158.0, 92.0, 30.0), (52.0, 186.0, 226.0), (224.0, 226.0, 226.0))
    ink = ((222.0, 224.0, 226.0), (230.0, 230.0, 230.0), (96.0, 46.0, 24.0), (40.0, 36.0, 160.0))
    kind = int(rng.integers(len(paper)))
    picture[:] = paper[kind]
    picture *= np.linspace(1.08, 0.9, 216, dtype=np.float32)[:, None, None]
    wave = [
        [0, 216],
        [0, 150 + rng.integers(30)],
        [120, 120 + rng.integers(60)],
        [320, 170],
        [320, 216],
    ]
    cv2.fillPoly(picture, [np.array(wave, np.int32)], paper[(kind + 1) % 4], cv2.LINE_AA)
    y = 26
    for height in (26, 14, 14):
        x = 20
        while x < 210:
            word = int(rng.uniform(18, 56))
            cv2.rectangle(picture, (x, y), (x + word, y + height), ink[kind], -1)
            x += word + 9
        y += height + 12
    bottle = [
        [246, 22],
        [266, 22],
        [268, 62],
        [284, 84],
        [284, 168],
        [228, 168],
        [228, 84],
        [244, 62],
    ]
    cv2.fillPoly(picture, [np.array(bottle, np.int32)], ink[kind], cv2.LINE_AA)
    cv2.rectangle(picture, (228, 100), (284, 140), paper[(kind + 2) % 4], -1)
    cv2.rectangle(picture, (0, 0), (319, 215), (150.0, 152.0, 154.0), 7)
    return make_texture(opaque(to_bytes(picture)))


def draw_direction_board(rng: np.random.Generator) -> Texture:
    """Draw a yellow board with place names as bars and an arrow (sign 418, not one of the 43)."""
    picture = np.zeros((120, 400, 3), np.float32)
    picture[:] = (30.0, 186.0, 232.0)
    cv2.rectangle(picture, (6, 6), (393, 113), (28.0, 28.0, 30.0), 4, cv2.LINE_AA)
    for y in (30, 72):
        x = 30
        for _ in range(int(rng.integers(7, 11))):
            letter = int(rng.uniform(9, 18))
            cv2.rectangle(picture, (x, y), (x + letter, y + 24), (28.0, 28.0, 30.0), 4)
            x += letter + 9
    arrow = np.array([[330, 48], [350, 48], [350, 34], [380, 60], [350, 86], [350, 72], [330, 72]])
    cv2.fillPoly(picture, [arrow.astype(np.int32)], (28.0, 28.0, 30.0), cv2.LINE_AA)
    return make_texture(opaque(to_bytes(picture)))


def draw_guide_post() -> Texture:
    """Draw a guide post: white, with a slanted black band that holds the reflector."""
    picture = np.full((256, 32, 3), 222.0, np.float32)
    picture *= np.linspace(1.04, 0.82, 32, dtype=np.float32)[None, :, None]
    band = np.array([[0, 34], [32, 52], [32, 112], [0, 94]], np.int32)
    cv2.fillPoly(picture, [band], (30.0, 30.0, 32.0), cv2.LINE_AA)
    cv2.rectangle(picture, (10, 62), (21, 88), (205.0, 214.0, 222.0), -1)
    picture[190:] *= np.linspace(1.0, 0.72, 66, dtype=np.float32)[:, None, None]
    alpha = np.full((256, 32), 255, np.uint8)
    cut = np.array([[0, 0], [32, 0], [0, 14]], np.int32)
    cv2.fillPoly(alpha, [cut], 0, cv2.LINE_AA)
    return make_texture(np.dstack([to_bytes(picture), alpha]))


def draw_pole() -> Texture:
    """Draw a galvanised steel tube, lit from the left."""
    across = np.array([108, 150, 182, 172, 150, 126, 104, 84], np.float32)
    picture = np.repeat(across[None, :, None], 128, axis=0) * np.array([1.0, 0.99, 0.97], np.float32)
    return make_texture(opaque(to_bytes(np.asarray(picture, np.float32))))
