import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")

import keras
import numpy as np

from models.errors import ModelError
from models.training import TrainingSet, train_network
from tests.conftest import PROJECT
from tests.models.interrupted import CLASSES, METHOD, RECIPE, STEPS, tiny_set

pytestmark = pytest.mark.timeout(900)  # it starts two programs that each load TensorFlow


def train(folder: Path, data: TrainingSet | None = None, report: Callable[[int], None] = lambda _: None) -> None:
    taught = data or tiny_set()
    mirrors = [None] * CLASSES
    train_network(
        taught, taught, mirrors, RECIPE, folder, None, lambda *_: None, lambda result: report(result.epoch), METHOD
    )


def epochs_in_history(folder: Path) -> list[int]:
    return [json.loads(line)["epoch"] for line in (folder / "history.jsonl").read_text().splitlines()]


def epochs_in_checkpoint(folder: Path) -> int:
    return int(keras.models.load_model(folder / "checkpoint.keras").optimizer.iterations) // STEPS


def test_a_killed_training_goes_on_from_its_last_whole_checkpoint(tmp_path: Path) -> None:
    for moment in ("checkpoint", "epoch"):
        command = [sys.executable, "-m", "tests.models.interrupted", str(tmp_path), moment]
        died = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert epochs_in_checkpoint(tmp_path) == 1, f"killed in the middle of the second {moment}"
        assert (tmp_path / "partial-checkpoint.keras").exists(), "half of one was being written"
    reported: list[int] = []
    train(tmp_path, report=reported.append)
    assert reported == [2, 3], "nothing is learnt twice, nothing left out"
    assert epochs_in_history(tmp_path) == [1, 2, 3]
    assert epochs_in_checkpoint(tmp_path) == 3
    assert not list(tmp_path.glob("partial*"))


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writing beyond fails, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that came to its end."""
    folder = tmp_path_factory.mktemp("run")
    train(folder)
    return folder


def test_on_a_full_disk_training_ends_with_a_line_and_the_older_checkpoint_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = keras.Model.save

    def save_on_a_disk_that_fills_up(model: Any, path: Path) -> None:
        limit = 10_000 if (tmp_path / "checkpoint.keras").exists() else resource.RLIM_INFINITY
        with files_no_larger_than(limit):
            save(model, path)

    monkeypatch.setattr(keras.Model, "save", save_on_a_disk_that_fills_up)
    with pytest.raises(ModelError, match=r"checkpoint\.keras: can't be written \(.*\); make room"):
        train(tmp_path)
    assert epochs_in_checkpoint(tmp_path) == 1
    assert not list(tmp_path.glob("partial*")), "what could not be kept takes no room"
    monkeypatch.undo()
    train(tmp_path)
    assert epochs_in_history(tmp_path) == [1, 2, 3]


def test_a_history_that_says_more_or_less_than_the_checkpoint_is_mended(finished: Path) -> None:
    history = finished / "history.jsonl"
    lines = history.read_text().splitlines()
    history.write_text("\n".join([*lines, lines[1], lines[2].replace('"epoch": 3', '"epoch": 4'), lines[0][:9]]))
    train(finished)
    assert history.read_text().splitlines() == lines


def test_a_run_on_other_data_is_not_mixed_in(finished: Path) -> None:
    data = tiny_set()
    more = TrainingSet(np.repeat(data.crops, 3, axis=0), np.repeat(data.labels, 3))
    with pytest.raises(ModelError, match="other data"):
        train(finished, more)


@pytest.mark.parametrize(("file", "said"), [("checkpoint.keras", "remove it"), ("config.json", "no record of a run")])
def test_a_damaged_run_is_one_line(finished: Path, file: str, said: str) -> None:
    content = (finished / file).read_bytes()
    (finished / file).write_bytes(content[: len(content) // 2])
    try:
        with pytest.raises(ModelError, match=said):
            train(finished)
    finally:
        (finished / file).write_bytes(content)
