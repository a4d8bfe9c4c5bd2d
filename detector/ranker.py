"""A small learnt judge of regions: how sign-like each one is, and where the sign's box is given the region's.

Two hidden layers over the features of `features.measure`; evaluated in numpy, since loading a network run-time for
some 14,000 weights would cost more than it computes. `ranker_training` makes the weights.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes
from detector.features import FEATURE_COUNT

BUILT_IN = Path(__file__).with_name("weights") / "ranker.npz"
ARRAYS = ("mean", "scale", "weights_1", "bias_1", "weights_2", "bias_2", "weights_3", "bias_3")
MAX_SHIFT = 0.5
"""Most that a box is moved, as a share of its size; its logarithm of size changes by no more either."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights, float32. Outputs: the logit of being a sign, then the shift of centre and logarithm of size."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights_1: NDArray[np.float32]
    bias_1: NDArray[np.float32]
    weights_2: NDArray[np.float32]
    bias_2: NDArray[np.float32]
    weights_3: NDArray[np.float32]
    bias_3: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.mean.shape != (FEATURE_COUNT,) or self.bias_3.shape != (5,):
            raise ValueError(
                f"ranker weights are for {self.mean.shape[0]} features and {self.bias_3.shape[0]} outputs, "
                f"this version has {FEATURE_COUNT} and 5"
            )

    def judge(self, features: NDArray[np.float32], boxes_xywh_px: Boxes) -> tuple[NDArray[np.float32], Boxes]:
        """Scores (n,), higher for more sign-like, and refined boxes (n, 4), of features (n, FEATURE_COUNT)."""
        hidden = np.maximum((features - self.mean) / self.scale @ self.weights_1 + self.bias_1, 0)
        hidden = np.maximum(hidden @ self.weights_2 + self.bias_2, 0)
        outputs = hidden @ self.weights_3 + self.bias_3
        return outputs[:, 0], apply_offsets(boxes_xywh_px, outputs[:, 1:])


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
            return Ranker(**{name: arrays[name].astype(np.float32) for name in ARRAYS})
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path}: not the ranker's weights ({error}); make them with `signwatch train --part ranker`"
        ) from error


def save_ranker(ranker: Ranker, folder: Path, record: dict[str, object]) -> None:
    """Write `ranker.npz` to the folder, and beside it `ranker.json`, which says how it was made."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / BUILT_IN.name, **{name: getattr(ranker, name) for name in ARRAYS})
    (folder / BUILT_IN.name).with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
