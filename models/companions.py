"""Two small networks beside the classifier, each of which tells what is a sign from what is none.

The **screen** glances at each candidate before the classifier does. Of what the candidate stage proposes most is
clutter, and most of that is plain to a network of a twenty-fifth of the size; the classifier never sees it, which saves
two thirds of the time of both (a cascade: Viola & Jones, "Rapid object detection using a boosted cascade of simple
features", CVPR 2001; of networks: Li et al., "A convolutional neural network cascade for face detection", CVPR 2015).

The **surroundings** are a second opinion on what the classifier takes for a sign: what is around it, on three times its
width and height, where the classifier sees an eighth. The insulators of a pylon look like a triangle, and a gable like
a warning, only without the pylon and the house (Torralba, "Contextual priming for object detection", IJCV 2003).

Both belong to the weights of a classifier: they have learnt the same signs, and the same record vouches for them.
Weights need not have them.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.backends.batches import in_batches
from models.errors import ModelError
from models.weights_record import WeightsRecord, digest_of, read_record, read_weights
from models.whole_files import written_whole

SCREEN, SURROUNDINGS = "screen", "surroundings"
COMPANIONS = (SCREEN, SURROUNDINGS)
BATCHES = {SCREEN: (8, 16, 32, 48, 64), SURROUNDINGS: (2, 4, 8, 16)}
"""Of crops: fewer sizes than the classifier has, since filling one up costs little and each takes memory."""
SIGN, BACKGROUND = 0, 1
"""What each of a companion's logits is for."""

WORTH_A_LOOK = -2.0
"""Log odds of a sign to the screen from which on the classifier looks; of what it has learnt from half are signs."""
SURROUNDINGS_MARGIN = 1.0
"""On each side of a sign's box, as a share of it."""
SURROUNDINGS_SIZE_PX = 48
WORTH_A_SECOND_LOOK = 0.02
"""Probability of a sign to the classifier from which on its surroundings are looked at."""
SURROUNDINGS_SHARE = 1.75
"""What their log odds of a sign count beside the classifier's, which are larger than its errors bear out."""
MOST_ODDS = 4.0
"""That they can say, as a logarithm: they have seen few hundred signs, and never all that may stand around one."""

LogOdds = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From crops (n, side, side, 3) uint8 BGR, any number of them, to the log odds (n,) of a sign."""


def file_of(name: str) -> str:
    """The file of a companion among a classifier's weights."""
    return f"{name}.tflite"


def load_companion(name: str, folder: Path, record: WeightsRecord, threads: int) -> LogOdds | None:
    """One of `COMPANIONS` among the weights in a folder; None where their record has none.

    Raises ModelError if it is damaged.
    """
    file = folder / file_of(name)
    if file.name not in record.files:
        return None
    from models.backends.litert import litert_logits

    content = read_weights(file, record)
    try:
        logits, outputs = litert_logits(content, threads, BATCHES[name])
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{file}: can't be loaded as weights ({error}); train or export them again") from error
    if outputs != 2:
        raise ModelError(f"{file}: gives {outputs} outputs, where 2 tell signs from background")

    def log_odds(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        answers = in_batches(logits, crops, 2, BATCHES[name])
        return np.asarray(answers[:, SIGN] - answers[:, BACKGROUND])

    return both_ways(log_odds) if name == SURROUNDINGS else log_odds


def both_ways(log_odds: LogOdds) -> LogOdds:
    """The mean of what it says of crops and of their mirror images: a sign has the like around it on either side of the
    road, and half of the network's errors are of the one view alone.
    """

    def mean(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        said = log_odds(np.concatenate([crops, crops[:, :, ::-1]]))
        return np.asarray(said.reshape(2, -1).mean(axis=0), np.float32)

    return mean


def load_companions(folder: Path, record: WeightsRecord, threads: int) -> tuple[LogOdds | None, LogOdds | None]:
    """Screen and surroundings; raises ModelError as of `load_companion`."""
    return load_companion(SCREEN, folder, record, threads), load_companion(SURROUNDINGS, folder, record, threads)


def copy_companions(source: Path, folder: Path, record: WeightsRecord) -> WeightsRecord:
    """Take over those among the weights in `source`; gives the record of `folder` with them.

    Raises ModelError where one is damaged.
    """
    found = read_record(source)
    for name in COMPANIONS:
        if file_of(name) in found.files:
            record = add_companion(
                name, folder, record, read_weights(source / file_of(name), found), found.beside[name]
            )
    return record


def add_companion(
    name: str, folder: Path, record: WeightsRecord, content: bytes, made: "dict[str, object]"
) -> WeightsRecord:
    """Put one among the weights in a folder; gives their record with it, and how it was made, in it."""
    with written_whole(folder / file_of(name)) as partial:
        partial.write_bytes(content)
    files = record.files | {file_of(name): digest_of(content)}
    return replace(record, beside=record.beside | {name: made}, files=files)


def reconsidered(probabilities: NDArray[np.float32], log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a classifier says (n, classes + 1), background last, after its surroundings have said their log odds (n,).

    Which sign it would be stays as it was.
    """
    background = probabilities[:, -1:]
    said = SURROUNDINGS_SHARE * np.clip(log_odds, -MOST_ODDS, MOST_ODDS)
    weighed = np.concatenate([probabilities[:, :-1] * np.exp(said)[:, None], background], axis=1)
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float32)
