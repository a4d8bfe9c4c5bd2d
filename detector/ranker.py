"""A small learnt judge of regions: which deserve a closer look, how sign-like each of these is, and where the sign's
box is given the region's.

Dense layers over the features of `features`, evaluated in numpy, since loading a network run-time for some 40,000
weights would cost more than it computes. `ranker_training` makes the weights.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes
from detector.features import FINE_COUNT, ROUGH_COUNT

RANKER = "ranker.npz"
BUILT_IN = Path(__file__).with_name("weights") / RANKER
MAX_SHIFT = 0.5
"""Most that a box is moved, as a share of its size; its logarithm of size changes by no more either."""

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Weights (inputs, outputs) and bias (outputs,), float32; a rectifier stands between one layer and the next."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """Two judges, float32."""

    sieve: tuple[Layer, ...]
    """From rough features to one logit: whether it could be a sign."""
    judge: tuple[Layer, ...]
    """From fine features to the logit of being a sign, then the shift of centre and logarithm of size."""

    def __post_init__(self) -> None:
        found = [part[end][0].shape[side] for part in (self.sieve, self.judge) for end, side in ((0, 0), (-1, 1))]
        expected = [ROUGH_COUNT, 1, FINE_COUNT, 5]
        if found != expected:
            raise ValueError(f"ranker weights have {found} inputs and outputs, this version {expected}")

    def sift(self, rough: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores (n,) of rough features (n, ROUGH_COUNT), higher for more sign-like."""
        return _forward(self.sieve, rough)[:, 0]

    def rank(self, fine: NDArray[np.float32], boxes_xywh_px: Boxes) -> tuple[NDArray[np.float32], Boxes]:
        """Scores (n,), higher for more sign-like, and refined boxes (n, 4), of fine features (n, FINE_COUNT)."""
        outputs = _forward(self.judge, fine)
        return outputs[:, 0], apply_offsets(boxes_xywh_px, outputs[:, 1:])


def _forward(layers: tuple[Layer, ...], values: NDArray[np.float32]) -> NDArray[np.float32]:
    for number, (weights, bias) in enumerate(layers):
        values = values @ weights + bias
        if number < len(layers) - 1:
            values = np.maximum(values, 0)
    return values


def apply_offsets(boxes_xywh_px: Boxes, offsets: NDArray[np.float32]) -> Boxes:
    """Boxes moved by (n, 4) offsets: shift of the centre in widths and heights, then change of log width and height.

    The usual parametrisation of box regression (Girshick et al., CVPR 2014).
    """
    offsets = np.clip(offsets, -MAX_SHIFT, MAX_SHIFT)
    sizes = boxes_xywh_px[:, 2:]
    centres = boxes_xywh_px[:, :2] + sizes / 2 + sizes * offsets[:, :2]
    new_sizes = sizes * np.exp(offsets[:, 2:])
    return np.concatenate([centres - new_sizes / 2, new_sizes], axis=1).astype(np.float32)


def offsets_between(boxes_xywh_px: Boxes, target_xywh_px: Boxes) -> NDArray[np.float32]:
    """The offsets that `apply_offsets` needs to move each box (n, 4) onto its target (n, 4)."""
    sizes, target_sizes = boxes_xywh_px[:, 2:], target_xywh_px[:, 2:]
    shift = (target_xywh_px[:, :2] + target_sizes / 2 - boxes_xywh_px[:, :2] - sizes / 2) / sizes
    return np.concatenate([shift, np.log(target_sizes / sizes)], axis=1).astype(np.float32)


def load_ranker(path: Path = BUILT_IN) -> Ranker:
    """Read weights. Raises ValueError naming the file where they are missing, damaged or of another version."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            return Ranker(_layers(arrays, "sieve"), _layers(arrays, "judge"))
    except (OSError, EOFError, KeyError, IndexError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path}: not the ranker's weights ({error}); make them with `signwatch train --part ranker`"
        ) from error


def ranker_record(path: Path = BUILT_IN) -> dict[str, Any]:
    """What stands beside weights about how they were made. Raises ValueError naming the file where it is unreadable."""
    file = path.with_suffix(".json")
    try:
        return {"fold": 0} | dict(json.loads(file.read_text(encoding="utf-8")))  # older ones left out no other
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{file}: no record of a ranker ({error}); make it with `signwatch train`") from error


def _layers(arrays: np.lib.npyio.NpzFile, part: str) -> tuple[Layer, ...]:
    count = sum(name.startswith(f"{part}_weights_") for name in arrays.files)
    return tuple(
        (arrays[f"{part}_weights_{number}"].astype(np.float32), arrays[f"{part}_bias_{number}"].astype(np.float32))
        for number in range(count)
    )


def save_ranker(ranker: Ranker, folder: Path, record: dict[str, object]) -> None:
    """Write `ranker.npz` to the folder, and beside it `ranker.json`, which says how it was made."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    for part, layers in (("sieve", ranker.sieve), ("judge", ranker.judge)):
        for number, (weights, bias) in enumerate(layers):
            arrays |= {f"{part}_weights_{number}": weights, f"{part}_bias_{number}": bias}
    np.savez_compressed(folder / RANKER, **arrays)
    (folder / RANKER).with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
