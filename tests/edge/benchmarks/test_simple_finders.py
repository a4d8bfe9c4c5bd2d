from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.benchmarks.simple_finders import SIMPLE_FINDERS
from edge.cli import main


@pytest.mark.parametrize("name", SIMPLE_FINDERS)
def test_a_red_disc_on_grey_is_found(name: str) -> None:
    image = np.full((200, 300, 3), 120, np.uint8)
    cv2.circle(image, (180, 90), 20, (40, 40, 200), -1)
    # MSER takes nothing for stable where nothing changes at all.
    image = np.asarray(image + np.random.default_rng(1).integers(0, 4, image.shape), np.uint8)
    boxes = SIMPLE_FINDERS[name](image)
    assert boxes.shape[1] == 4 and boxes.dtype == np.float32
    assert np.abs(boxes - (160, 70, 41, 41)).max(axis=1).min() <= 5


@pytest.mark.parametrize("name", SIMPLE_FINDERS)
def test_a_picture_without_anything_has_no_boxes(name: str) -> None:
    assert SIMPLE_FINDERS[name](np.full((400, 400, 3), 120, np.uint8)).shape == (0, 4)


def test_on_real_frames_it_is_told_which_share_of_the_signs_each_finds(data_folder: Path) -> None:
    options = ["--count", "3", "--size", "64x64", "--frames", str(data_folder / "gtsdb-train")]
    result = CliRunner().invoke(main, ["bench", "detector", *options])
    assert result.exit_code == 0, result.output
    assert "beside others, on frames:" in result.stdout
    assert result.stdout.count("% of the signs") == 3
