"""Who counts as background, as a sign, and how often."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.candidates import CandidateFinder, Candidates
from edge.background import LOOK_ALIKES, NO_FRAME, Separation, read_look_alikes, separate
from models.archive import Archive
from models.catalogue import load_catalogue
from models.classifier import Classifier
from models.gtsdb import list_frames
from models.gtsrb import list_pictures
from models.weights_record import BUILT_IN, read_record
from tests.models.benchmark import encode, kaggle

SIGN = (20, 20, 20, 20)


class Given:
    """Candidates of every frame, instead of a finder of them."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        self.boxes = np.array(boxes, np.float32).reshape(-1, 4)

    def find(self, image: np.ndarray, limit: int) -> Candidates:
        return Candidates(self.boxes[:limit], np.zeros(len(self.boxes[:limit]), np.float32))


def brightness_reader() -> Classifier:
    """Whatever is bright is a stop sign to it; the brighter the surer: 128 grey levels are even odds."""
    classes = len(load_catalogue())

    record = replace(read_record(BUILT_IN), temperature=1.0)

    def logits(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        out = np.full((len(crops), classes + 1), -50.0, np.float32)
        out[:, 14] = (crops.mean(axis=(1, 2, 3)) - 128) / 10
        out[:, classes] = 0.0
        return out

    return Classifier(record, "litert", logits)


def measure(tmp_path: Path, *boxes: tuple[float, float, float, float]) -> Separation:
    """A dark frame with a bright annotated sign at `SIGN`, and a bright thing at 100, 20 that is none."""
    image = np.full((80, 160, 3), 20, np.uint8)
    image[15:45, 15:45] = 240
    image[15:45, 95:125] = 200
    (tmp_path / "00005.png").write_bytes(encode(".png", image))
    (tmp_path / "gt.txt").write_text("00005.ppm;20;20;39;39;14\n")
    with Archive(tmp_path) as archive:
        finder = cast("CandidateFinder", Given(*boxes))
        return separate(archive, list_frames(archive), finder, brightness_reader(), lambda done, total: None)


def test_what_overlaps_no_sign_is_background_and_what_finds_one_is_not(tmp_path: Path) -> None:
    found = measure(tmp_path, SIGN, (100, 20, 20, 20), (60, 55, 20, 20), (25, 25, 20, 20))
    assert len(found.background.confidence) == 2, "the fourth overlaps the sign by a quarter to a half: it is neither"
    assert found.background.passing(0.9) == 1
    assert (len(found.annotated.confidence), found.annotated.passing(0.9)) == (1, 1)
    assert (len(found.found.confidence), found.found.passing(0.9)) == (1, 1)
    assert found.background.frames.tolist() == [5, 5]
    assert found.annotated.answers.tolist() == [14]


def test_a_thing_with_several_candidates_counts_once_as_the_most_sign_like(tmp_path: Path) -> None:
    found = measure(tmp_path, (91, 20, 20, 20), (96, 20, 20, 20), (100, 20, 20, 20))
    # The second overlaps the first by more than a half; the third overlaps only the second by so much.
    assert len(found.background.confidence) == 2
    assert found.background.passing(0.9) == 2


def test_small_candidates_are_left_out_because_small_signs_are_not_annotated(tmp_path: Path) -> None:
    assert len(measure(tmp_path, (100, 20, 15, 20)).background.confidence) == 0


def test_a_sign_is_read_at_the_most_sign_like_of_its_candidates(tmp_path: Path) -> None:
    poor = (20.0, 20.0, 20.0, 38.0)
    alone = measure(tmp_path, poor)
    assert 0 < alone.found.confidence[0] < alone.annotated.confidence[0]
    assert measure(tmp_path, poor, SIGN).found.confidence[0] == pytest.approx(alone.annotated.confidence[0])
    assert len(measure(tmp_path).found.confidence) == 0


def test_look_alikes_are_made_of_pictures_of_signs_and_read_as_the_network_sees_them(tmp_path: Path) -> None:
    data = kaggle(tmp_path)
    for file in data.rglob("Train/*/*.png"):
        sign = np.full_like(cv2.imread(str(file)), 40)
        cv2.circle(sign, (sign.shape[1] // 2, sign.shape[0] // 2), min(sign.shape[:2]) // 3, (20, 20, 220), cv2.FILLED)
        cv2.imwrite(str(file), sign)
    with Archive(data) as archive:
        pictures = list_pictures(archive, "train", len(load_catalogue()))
        alike = read_look_alikes(archive, pictures, load_catalogue(), [brightness_reader()] * 2)
    assert alike.crops.shape == (2 * LOOK_ALIKES, 32, 32, 3)
    assert (alike.answers == 14).all()
    of_pictures = alike.crops[(np.abs(alike.crops[:, 0, 0].astype(int) - 40) < 12).all(axis=1)]
    assert 0.85 < len(of_pictures) / len(alike.crops) < 1, "the others are silhouettes before a sky"
    assert (of_pictures.reshape(len(of_pictures), -1).max(axis=1) > 150).all(), "the disc is in each"
    assert set(alike.frames.tolist()) == {NO_FRAME}
