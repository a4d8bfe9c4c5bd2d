"""What a set of weights is: the record beside the weights, `classifier.json`.

It says how the weights were made, so that they can be made again, and what a program must know to use them: the crop's
margin and size, the catalogue, the temperature.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.catalogue import Catalogue
from models.errors import ModelError
from models.whole_files import write_text_whole

BUILT_IN = Path(__file__).with_name("weights")
RECORD = "classifier.json"
KERAS = "classifier.keras"
LITERT = "classifier.tflite"
LITERT_INT8 = "classifier-int8.tflite"


@dataclass(frozen=True, slots=True)
class WeightsRecord:
    """The record of one network's weights."""

    catalogue_digest: str
    sign_classes: int
    """Logits are one more: the last is the background's."""
    crop_size_px: int
    crop_margin: float
    """Context on each side of a sign's box, as a share of it."""
    temperature: float
    """Logits are divided by it before the softmax."""
    parameters: int
    multiply_adds: int
    command: str
    """The command that makes these weights again."""
    recipe: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    """Which pictures: counts, and digests of the tables they are listed in."""
    figures: dict[str, float] = field(default_factory=dict)
    """Measured while training, on tracks held out of it."""
    files: dict[str, str] = field(default_factory=dict)
    """Each file of these weights and the head of its SHA-256: files of two trainings in one folder don't mix."""

    def check(self, catalogue: Catalogue, place: Path) -> None:
        """Raise ModelError where the weights are for another catalogue than the one in use."""
        if self.catalogue_digest != catalogue.digest or self.sign_classes != len(catalogue):
            raise ModelError(
                f"{place}: these weights are for another catalogue ({self.sign_classes} signs, "
                f"{self.catalogue_digest}) than the one in use ({len(catalogue)} signs, {catalogue.digest}); "
                "train weights for it with `signwatch train`"
            )


def digest_of(content: bytes) -> str:
    """The head of the SHA-256 by which a record knows a file."""
    return hashlib.sha256(content).hexdigest()[:16]


def read_weights(file: Path, record: WeightsRecord) -> bytes:
    """The content of one of the record's files.

    Raises ModelError where it can't be read or is not the one that the record was written for. A record that knows no
    such file, as of older weights, takes any.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: can't be loaded as weights ({error}); train or export them again") from error
    if digest_of(content) != record.files.get(file.name, digest_of(content)):
        raise ModelError(
            f"{file}: can't be loaded as weights (damaged, or of another training than {RECORD} beside it); "
            "train or export them again"
        )
    return content


def write_record(folder: Path, record: WeightsRecord) -> None:
    """Write the record beside the weights."""
    write_text_whole(folder / RECORD, json.dumps(asdict(record), indent=2) + "\n")


def read_record(folder: Path) -> WeightsRecord:
    """Read the record in a folder of weights. Raises ModelError where it is missing or not one."""
    file = folder / RECORD
    try:
        return WeightsRecord(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{file}: no record of weights ({error}); give a folder that `signwatch train` made"
        ) from error
