"""Crops that look real, drawn without any data set: to compare exports with, and to time networks on."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import Catalogue
from models.pictures import CROP_MARGIN, CROP_SIZE_PX
from models.typefaces import draw_limits

COARSENESS_PX = (4, 8, 16, 32)
"""Sides of the random pictures that backdrops are enlarged from: from patches of light to leaves."""


def stand_in_crops(catalogue: Catalogue, count: int, seed: int) -> NDArray[np.uint8]:
    """Crops (count, 32, 32, 3) uint8 BGR in random order: limits of the catalogue, drawn, and what may lie behind."""
    generator = np.random.default_rng(seed)
    backdrops = np.stack([_backdrop(generator) for _ in range(count)])
    limits = [sign.class_id for sign in catalogue if sign.category == "prohibitory" and sign.unit == "km/h"]
    labels = generator.choice(limits, count // 2) if limits else np.empty(0, np.int64)
    signs, _ = draw_limits(labels, catalogue, backdrops, CROP_MARGIN, 1.0, seed)
    return generator.permutation(np.concatenate([signs, backdrops[len(signs) :]]))


def _backdrop(generator: np.random.Generator) -> NDArray[np.uint8]:
    side = generator.choice(COARSENESS_PX)
    light, contrast = generator.uniform(30, 200), generator.uniform(5, 60)
    coarse = (light + contrast * generator.standard_normal((side, side, 3))).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (CROP_SIZE_PX, CROP_SIZE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
