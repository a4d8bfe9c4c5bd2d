"""A glance before the look: a network a twentieth of the size of the classifier's, which leaves out what is no sign.

Of what the candidate stage proposes most is clutter, and most of that is plain to a small network. What it leaves out
the classifier never sees, which saves two thirds of the time of both (a cascade: Viola & Jones, "Rapid object detection
using a boosted cascade of simple features", CVPR 2001; of networks: Li et al., "A convolutional neural network cascade
for face detection", CVPR 2015).

It belongs to the weights of a classifier: it has learnt the same signs, and the same record vouches for it. Weights
need not have one.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.backends import Logits
from models.backends.batches import in_batches
from models.errors import ModelError
from models.weights_record import WeightsRecord, digest_of, read_record, read_weights
from models.whole_files import written_whole

SCREEN = "screen.tflite"
SIGN, BACKGROUND = 0, 1
"""What each of its logits is for."""
LEAST_LOGIT = -2.0
"""Log odds of a sign, where half of all crops are signs, from which on a crop is worth the classifier's look."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The small network, ready to run."""

    logits: Logits

    def passing(self, crops: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Of crops (n, 32, 32, 3) uint8 BGR: (n,) whether each is worth a look."""
        answers = in_batches(self.logits, crops, 2)
        return np.asarray(answers[:, SIGN] - answers[:, BACKGROUND] >= LEAST_LOGIT)


def load_screen(folder: Path, record: WeightsRecord, threads: int) -> Screen | None:
    """The one among the weights in a folder; None where their record has none. Raises ModelError if it is damaged."""
    if SCREEN not in record.files:
        return None
    from models.backends.litert import litert_logits

    file = folder / SCREEN
    content = read_weights(file, record)
    try:
        logits, outputs = litert_logits(content, threads)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{file}: can't be loaded as weights ({error}); train or export them again") from error
    if outputs != 2:
        raise ModelError(f"{file}: gives {outputs} outputs, a screen gives 2")
    return Screen(logits)


def copy_screen(source: Path, folder: Path, record: WeightsRecord) -> WeightsRecord:
    """Take over the one among the weights in `source`, if there is one; gives the record of `folder` with it.

    Raises ModelError where it is damaged.
    """
    found = read_record(source)
    if SCREEN not in found.files:
        return record
    content = read_weights(source / SCREEN, found)
    with written_whole(folder / SCREEN) as partial:
        partial.write_bytes(content)
    return replace(record, screen=found.screen, files=record.files | {SCREEN: digest_of(content)})
