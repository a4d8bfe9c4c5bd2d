from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from models.archive import Archive
from models.gtsdb import list_frames
from models.shared_signs import shared_signs
from tests.models.benchmark import encode

HEADER = "Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId,Path\n"


def blotches(seed: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_a_sign_that_both_benchmarks_have_is_found_by_its_looks(tmp_path: Path) -> None:
    streets, signs = tmp_path / "streets", tmp_path / "signs"
    streets.mkdir()
    (signs / "Train").mkdir(parents=True)
    for number in range(3):
        (streets / f"{number:05}.png").write_bytes(encode(".png", blotches(number)))
    # Frame 0 has the picture's moment and another sign, 1 another moment of as large a box, 2 none.
    (streets / "gt.txt").write_text("00000.ppm;20;30;51;59;1\n00000.ppm;90;30;121;59;1\n00001.ppm;20;30;51;59;1\n")
    crop = np.clip(blotches(0)[25:65, 15:57].astype(int) // 2 + 40, 0, 255).astype(np.uint8)
    (signs / "Train/00001_00000_00000.jpg").write_bytes(encode(".jpg", crop))
    (signs / "Train.csv").write_text(HEADER + "42,40,5,5,36,34,1,Train/00001_00000_00000.jpg\n")
    with Archive(streets) as street_archive, Archive(signs) as sign_archive:
        frames = list_frames(street_archive)
        shared = shared_signs(street_archive, frames, sign_archive, cut_crop)
    assert [of_frame.tolist() for of_frame in shared] == [[True, False], [False], []]


def test_one_that_looks_the_same_but_is_of_another_class_or_size_is_another(tmp_path: Path) -> None:
    streets, signs = tmp_path / "streets", tmp_path / "signs"
    streets.mkdir()
    (signs / "Train").mkdir(parents=True)
    (streets / "00000.png").write_bytes(encode(".png", blotches(0)))
    (streets / "gt.txt").write_text("00000.ppm;20;30;51;59;1\n")
    (signs / "Train/a.png").write_bytes(encode(".png", blotches(0)[25:65, 15:57]))
    (signs / "Train.csv").write_text(HEADER + "42,40,5,5,36,34,2,Train/a.png\n42,40,5,5,31,34,1,Train/a.png\n")
    with Archive(streets) as street_archive, Archive(signs) as sign_archive:
        (of_frame,) = shared_signs(street_archive, list_frames(street_archive), sign_archive, cut_crop)
    assert of_frame.tolist() == [False]
