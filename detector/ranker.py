"""A small learnt judge of regions: which deserve a closer look, how sign-like each of these is, and where the sign's
box is given the region's.

Boosted trees over the features of `features` (see `forest`); `ranker_training` makes them.
"""

import io
import json
import zipfile
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes
from detector.features import FINE_COUNT, ROUGH_COUNT
from detector.forest import Forest

RANKER = "ranker.npz"
BUILT_IN = Path(__file__).with_name("weights") / RANKER
MAX_SHIFT = 0.5
"""Most that a box is moved, as a share of its size; its logarithm of size changes by no more either."""

OFFSETS = ("right", "down", "wider", "higher")


@dataclass(frozen=True, slots=True)
class Ranker:
    """Two judges, and who corrects the boxes."""

    sieve: Forest
    """From rough features to one logit: whether it could be a sign."""
    judge: Forest
    """From fine features to the logit of being a sign whose box fits."""
    offsets: tuple[Forest, ...]
    """From fine features to each of `OFFSETS`: shift of the centre in widths and heights, logarithm of size."""

    def __post_init__(self) -> None:
        if len(self.offsets) != len(OFFSETS):
            raise ValueError(f"ranker weights correct {len(self.offsets)} sides of a box, this version {len(OFFSETS)}")
        for forest, count in ((self.sieve, ROUGH_COUNT), *((one, FINE_COUNT) for one in (self.judge, *self.offsets))):
            if forest.columns.max(initial=0) >= count:
                raise ValueError(f"ranker weights ask about other features than the {count} of this version")

    def sift(self, rough: NDArray[np.float32], executor: Executor) -> NDArray[np.float32]:
        """Scores (n,) of rough features (n, ROUGH_COUNT), higher for more sign-like."""
        return self.sieve.sums(rough, executor)

    def rank(self, fine: NDArray[np.float32], executor: Executor) -> NDArray[np.float32]:
        """Scores (n,) of fine features (n, FINE_COUNT), higher for more sign-like."""
        return self.judge.sums(fine, executor)

    def refine(self, fine: NDArray[np.float32], boxes_xywh_px: Boxes, executor: Executor) -> Boxes:
        """Boxes (n, 4) moved to where the signs are, by the regions' fine features (n, FINE_COUNT)."""
        offsets = [forest.sums(fine, executor) for forest in self.offsets]
        return apply_offsets(boxes_xywh_px, np.stack(offsets, axis=1))


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
            offsets = tuple(_forest(arrays, name) for name in OFFSETS)
            return Ranker(_forest(arrays, "sieve"), _forest(arrays, "judge"), offsets)
    except (OSError, EOFError, KeyError, IndexError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path}: not the ranker's weights ({error}); make them with `signwatch train --part ranker`"
        ) from error


def _forest(arrays: np.lib.npyio.NpzFile, name: str) -> Forest:
    return Forest(*(arrays[f"{name}_{field.name}"] for field in fields(Forest)))


def ranker_record(path: Path = BUILT_IN) -> dict[str, Any]:
    """What stands beside weights about how they were made. Raises ValueError naming the file where it is unreadable."""
    file = path.with_suffix(".json")
    try:
        return {"fold": 0} | dict(json.loads(file.read_text(encoding="utf-8")))  # older ones left out no other
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{file}: no record of a ranker ({error}); make it with `signwatch train`") from error


def save_ranker(ranker: Ranker, folder: Path, record: dict[str, object]) -> None:
    """Write `ranker.npz` to the folder, and beside it `ranker.json`, which says how it was made."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {"sieve": ranker.sieve, "judge": ranker.judge} | dict(zip(OFFSETS, ranker.offsets, strict=True))
    arrays: dict[str, Any] = {
        f"{name}_{field.name}": getattr(forest, field.name)
        for name, forest in named.items()
        for field in fields(Forest)
    }
    np.savez_compressed(folder / RANKER, **arrays)
    (folder / RANKER).with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
