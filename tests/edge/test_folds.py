"""Each fold is measured by what has learnt nothing from it, or not at all."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from detector.ranker import BUILT_IN as RANKER
from edge.cli import main
from edge.folds import open_folds, shipped_fold
from models.errors import ModelError
from models.gtsdb import FOLDS
from models.weights_record import BUILT_IN, RECORD
from tests.models.benchmark import encode


def write_fold(folder: Path, number: int, *, ranker_left_out: int | None = None) -> None:
    """Stand-ins for what a training writes: the shipped weights, whose records say another fold."""
    place = folder / str(number)
    shutil.copytree(BUILT_IN, place)
    record = json.loads((place / RECORD).read_text(encoding="utf-8"))
    record["data"]["fold"] = number
    (place / RECORD).write_text(json.dumps(record), encoding="utf-8")
    shutil.copy(RANKER, place)
    left_out = number if ranker_left_out is None else ranker_left_out
    (place / "ranker.json").write_text(json.dumps({"fold": left_out}), encoding="utf-8")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_what_ships_has_left_out_fold_0() -> None:
    assert shipped_fold(None, "litert").number == 0


def test_a_ranker_that_knows_the_fold_is_refused(tmp_path: Path) -> None:
    for number in range(FOLDS):
        write_fold(tmp_path, number, ranker_left_out=3)
    with pytest.raises(ModelError, match="this ranker left out fold 3, not 0; train one with --fold 0"):
        open_folds(tmp_path, "litert")


def test_every_frame_is_measured_once_by_its_own_fold(tmp_path: Path) -> None:
    for number in range(FOLDS):
        write_fold(tmp_path / "folds", number)
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(7):
        (frames / f"{number:05}.png").write_bytes(encode(".png", np.zeros((40, 40, 3), np.uint8)))
    (frames / "gt.txt").write_text("00006.ppm;2;3;21;22;7\n", encoding="utf-8")
    result = run("evaluate", "background", "--frames", frames, "--fold-weights", tmp_path / "folds", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["frames"] == 7
    assert [(fold["fold"], fold["frames"]) for fold in figures["folds"]] == [(0, 2), (1, 2), (2, 1), (3, 1), (4, 1)]
    assert [fold["thresholds"][0]["signs_lost"] for fold in figures["folds"]] == [0, 1, 0, 0, 0], "frame 6 is of fold 1"
    printed = run("evaluate", "background", "--frames", frames, "--fold-weights", tmp_path / "folds")
    assert "fold 1" in printed.stdout and "1 of 1 lost" in printed.stdout


def test_folds_have_weights_of_their_own(tmp_path: Path) -> None:
    result = run("evaluate", "background", "--frames", tmp_path, "--fold-weights", tmp_path, "--weights", tmp_path)
    assert result.exit_code == 2
    assert "no --weights" in result.output


def test_training_takes_no_ranker_that_knows_the_fold(tmp_path: Path) -> None:
    result = run("train", "--data", tmp_path, "--frames", tmp_path, "--fold", "2", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "this ranker left out fold 0, not 2" in result.output
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_ranker_is_one_line(tmp_path: Path) -> None:
    arguments = ("train", "--data", tmp_path, "--frames", tmp_path, "--ranker", tmp_path, "--out", tmp_path / "out")
    result = run(*arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "not the ranker's weights" in result.stderr


def test_a_fold_of_no_frames_is_refused(tmp_path: Path) -> None:
    result = run("train", "--data", tmp_path, "--fold", "2", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "give --frames" in result.output
