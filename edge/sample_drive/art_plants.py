"""Trees, bushes and tall grass, grown leaf cluster by leaf cluster."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.compositing import Image, Texture, make_texture

_SIDE_PX = 448
_LIGHT = np.array([-0.55, -0.83])  # the sun stands high on the left

_LEAF_BGR = (
    (50.0, 118.0, 98.0),
    (46.0, 104.0, 82.0),
    (58.0, 128.0, 120.0),
    (50.0, 120.0, 144.0),
    (54.0, 136.0, 112.0),
)


def _leaves(
    picture: NDArray[np.float32],
    clusters: NDArray[np.float64],
    radius: float,
    bgr: tuple[float, float, float],
    rng: np.random.Generator,
    leaf_px: float,
    density: float = 1.0,
) -> None:
    """Dab leaves round the cluster middles (n, 2), bottom clusters first, lit from the left."""
    middle = clusters.mean(axis=0)
    reach = np.abs(clusters - middle).max() + radius
    for cluster in clusters[np.argsort(rng.normal(-clusters[:, 1], radius))]:
        count = int((95 * (radius / 40.0) ** 1.2 + 20) * density)
        spread = np.tanh(rng.normal(0.0, 0.55, (count, 2))) * radius
        towards_light = (spread / radius) @ _LIGHT * 0.24 + ((cluster - middle) / reach) @ _LIGHT * 0.34
        order = np.argsort(towards_light)
        for index in order:
            x, y = cluster + spread[index]
            tone = 0.86 + towards_light[index] + rng.normal(0.0, 0.12)
            warm = rng.normal(0.0, 0.06)
            colour = (
                bgr[0] * tone,
                bgr[1] * tone * (1.0 + warm / 2.0),
                bgr[2] * tone * (1.0 + warm * 2.0),
                255.0,
            )
            size = (leaf_px * rng.uniform(0.6, 1.5), leaf_px * rng.uniform(0.4, 0.9))
            box = (
                (float(x), float(y)),
                (float(size[0] * 2), float(size[1] * 2)),
                float(rng.uniform(0, 180)),
            )
            cv2.ellipse(picture, box, colour, -1, cv2.LINE_AA)


def _branch(
    picture: NDArray[np.float32],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    width: float,
    tone: float,
) -> None:
    along = (end - start) / np.linalg.norm(end - start)
    across = np.array([-along[1], along[0]])
    quad = [start - across * width, start + across * width, end + across * width * 0.45,
            end - across * width * 0.45]  # fmt: skip
    bark = (52.0 * tone, 62.0 * tone, 74.0 * tone, 255.0)
    cv2.fillPoly(picture, [np.array(quad).astype(np.int32)], bark, cv2.LINE_AA)
    lit = (76.0 * tone, 90.0 * tone, 104.0 * tone, 255.0)
    cv2.fillPoly(
        picture,
        [np.array([quad[0], quad[0] + across * width * 0.5, quad[3]]).astype(np.int32)],
        lit,
        cv2.LINE_AA,
    )


def _finish(picture: NDArray[np.float32]) -> Texture:
    return make_texture(np.clip(picture, 0, 255).astype(np.uint8))


def _blank() -> NDArray[np.float32]:
    # Leaf-coloured where transparent, so that soft edges do not turn dark.
    picture = np.zeros((_SIDE_PX, _SIDE_PX, 4), np.float32)
    picture[..., :3] = (36.0, 80.0, 66.0)
    return picture


def broadleaf(rng: np.random.Generator) -> Texture:
    """Grow a broad-leaved tree; it stands in the middle of the lower edge."""
    picture = _blank()
    bgr = _LEAF_BGR[rng.integers(len(_LEAF_BGR))]
    foot = np.array([_SIDE_PX / 2, _SIDE_PX - 1.0])
    fork = np.array([_SIDE_PX / 2 + rng.normal(0, 6), _SIDE_PX * 0.62])
    width, height = rng.uniform(0.34, 0.42) * _SIDE_PX, rng.uniform(0.28, 0.32) * _SIDE_PX
    crown = np.array([_SIDE_PX / 2, _SIDE_PX * 0.43])
    angles = rng.uniform(0.0, 2 * np.pi, 46)
    outward = np.sqrt(rng.uniform(0.0, 1.0, 46))[:, None]
    clusters = crown + outward * np.column_stack([np.cos(angles) * width, np.sin(angles) * height])
    _leaves(picture, clusters, 30.0, (bgr[0] * 0.55, bgr[1] * 0.55, bgr[2] * 0.55), rng, 7.0, 0.2)
    _branch(picture, foot, fork, rng.uniform(9, 13), 0.9)
    for cluster in clusters[:7]:
        _branch(picture, fork, fork + (cluster - fork) * 0.8, 4.0, 0.8)
    _leaves(picture, clusters, 40.0, bgr, rng, 2.7, 1.4)
    return _finish(picture)


def conifer(rng: np.random.Generator) -> Texture:
    """Grow a spruce."""
    picture = _blank()
    middle = _SIDE_PX / 2
    _branch(picture, np.array([middle, _SIDE_PX - 1.0]), np.array([middle, 30.0]), 6.0, 0.8)
    tiers = 22
    half = rng.uniform(0.20, 0.25) * _SIDE_PX
    bgr = (38.0, 70.0, 46.0)
    for tier in range(tiers, -1, -1):
        y = 22.0 + (_SIDE_PX * 0.9 - 22.0) * tier / tiers
        reach = half * (tier / tiers) ** 0.85 + 4.0
        for _ in range(26):
            side = rng.uniform(-1.0, 1.0)
            tip = np.array(
                [
                    middle + side * reach * rng.uniform(0.85, 1.1),
                    y + abs(side) * 20.0 + rng.normal(0, 5),
                ]
            )
            tone = 0.72 - 0.30 * side + rng.normal(0.0, 0.13) + 0.12 * (1 - abs(side))
            colour = (bgr[0] * tone, bgr[1] * tone, bgr[2] * tone, 255.0)
            start = (int(middle + side * reach * 0.2), int(y - 6))
            cv2.line(picture, start, (int(tip[0]), int(tip[1])), colour, 4, cv2.LINE_AA)
    return _finish(picture)


def bush(rng: np.random.Generator) -> Texture:
    """Grow a bush, wider than tall in the texture's square."""
    picture = _blank()
    bgr = _LEAF_BGR[rng.integers(len(_LEAF_BGR))]
    x = rng.uniform(0.16, 0.84, 30)
    top = 1.0 - 0.62 * np.sin(np.pi * x) ** 0.6 * rng.uniform(0.55, 1.0, 30)
    y = rng.uniform(top, 0.93)
    clusters = np.column_stack([x, y]) * _SIDE_PX
    _leaves(picture, clusters, 38.0, (bgr[0] * 0.6, bgr[1] * 0.6, bgr[2] * 0.6), rng, 8.0, 0.25)
    _leaves(picture, clusters, 34.0, bgr, rng, 4.6)
    return _finish(picture)


def tall_grass(rng: np.random.Generator) -> Texture:
    """Grow a tuft of tall grass with a few flowers."""
    picture = _blank()
    for _ in range(620):
        foot = rng.normal(0.5, 0.17) * _SIDE_PX
        height = rng.uniform(0.25, 0.9) * _SIDE_PX * np.exp(-(((foot / _SIDE_PX - 0.5) / 0.3) ** 2))
        lean = rng.normal(0.0, 0.22) * height
        tone = rng.uniform(0.65, 1.2)
        dry = rng.uniform(0.0, 1.0) ** 2
        colour = ((50 + 40 * dry) * tone, (112 + 40 * dry) * tone, (90 + 78 * dry) * tone, 255.0)
        start, end = (int(foot), _SIDE_PX - 1), (int(foot + lean), int(_SIDE_PX - height))
        cv2.line(picture, start, end, colour, 3, cv2.LINE_AA)
    return _finish(picture)


def soft_shadow() -> Texture:
    """Make the round soft shadow that things throw on the ground."""
    y, x = np.mgrid[-1.0:1.0:64j, -1.0:1.0:64j]
    depth = np.clip(1.0 - np.hypot(x, y), 0.0, 1.0) ** 0.8
    picture: Image = np.zeros((64, 64, 4), np.uint8)
    picture[..., 3] = (145.0 * depth).astype(np.uint8)
    return make_texture(picture)
