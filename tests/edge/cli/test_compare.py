import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("tensorflow", reason="comparing needs TensorFlow")
pytest.importorskip("matplotlib", reason="plots need matplotlib")

from edge import comparison
from edge.cli import main
from edge.comparison import Pictures, measure_weights
from edge.training_crops import HELD_OUT_SHARE, SPLIT_SEED
from models import training
from models.archive import Archive
from models.catalogue import load_catalogue
from models.comparison import NETWORKS
from models.training import TrainingSet
from models.weights_record import BUILT_IN, KERAS, read_record, write_record
from tests.models import benchmark


def run(data: Path, out: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["compare", "--data", str(data), "--out", str(out), *more])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return benchmark.kaggle(tmp_path_factory.mktemp("gtsrb"))


@pytest.fixture(scope="module")
def compared(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder, and what was printed, of the seed beside shipped weights."""
    out = tmp_path_factory.mktemp("compared")
    result = run(data, out, "--networks", "seed,signwatch", "--weights", str(BUILT_IN), "--epochs", "1", "--json")
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout)


def test_all_networks_come_with_the_same_figures(compared: tuple[Path, dict[str, Any]]) -> None:
    rows = {row["name"]: row for row in compared[1]["networks"]}
    assert list(rows) == ["seed-by-picture", "seed", "signwatch"]
    for row in rows.values():
        assert row["test_images"] == 3
        assert row["test_accuracy"] == pytest.approx(1 - row["test_errors"] / 3)
        assert min(row["parameters"], row["multiply_adds"]) > 0
        assert row["latency_ms"].keys() == {"1", "64"}
        assert min(row["latency_ms"].values()) > 0
    assert rows["seed"]["validation_images"] == 8, "a track of each class"
    assert rows["seed-by-picture"]["validation_images"] == 2
    assert rows["seed"]["epochs"] == 1
    assert rows["seed"]["training_s"] > 0


def test_weights_of_another_split_are_not_judged_on_what_they_may_have_learnt(
    compared: tuple[Path, dict[str, Any]],
) -> None:
    ours = compared[1]["networks"][-1]
    assert ours["validation_accuracy"] is None
    assert ours["test_accuracy"] is not None


def test_plots_are_a_picture_and_in_a_page_that_needs_nothing_else(compared: tuple[Path, dict[str, Any]]) -> None:
    folder = compared[0]
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    page = (folder / "comparison.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert 'src="http' not in page and 'href="http' not in page
    assert "seed, split by picture" in page
    assert "of the official test" in page, "what the seed's own figure becomes is said"


def test_what_is_whole_is_not_trained_again(
    data: Path, compared: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, before = compared

    def train_again(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(comparison, "train_network", train_again)
    result = run(data, folder, "--networks", "seed", "--epochs", "1", "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["networks"]
    assert [row | {"latency_ms": {}} for row in rows] == [row | {"latency_ms": {}} for row in before["networks"][:2]]


def test_a_run_with_other_settings_is_not_mixed_in(data: Path, compared: tuple[Path, dict[str, Any]]) -> None:
    result = run(data, compared[0], "--networks", "seed", "--epochs", "2")
    assert result.exit_code == 1
    assert "holds a run with other settings" in result.stderr
    assert "Traceback" not in result.output


def test_a_table_says_what_the_seeds_figure_becomes(data: Path, compared: tuple[Path, dict[str, Any]]) -> None:
    result = run(data, compared[0], "--networks", "seed", "--epochs", "seed=1")
    assert result.exit_code == 0, result.output
    head, first, second, _, sentence, *_ = result.stdout.splitlines()
    assert "official test" in head
    assert first.startswith("seed, split by picture")
    assert second.startswith("seed  ")
    assert "of held-out tracks" in sentence


def test_the_tracks_held_out_are_those_of_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = benchmark.kaggle(tmp_path, tracks=5, per_track=1, classes=43)
    for file in (data / "Train").rglob("*.png"):
        grey = 100 + 20 * int(file.stem.split("_")[1])  # tells the tracks apart
        file.write_bytes(benchmark.encode(".png", benchmark.picture(grey)))
    seen: dict[str, TrainingSet] = {}

    def look(teaching: TrainingSet, judging: TrainingSet, *_: Any) -> None:
        seen.update(teaching=teaching, judging=judging)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train_network", look)
    CliRunner().invoke(main, ["train", "--data", str(data), "--out", str(tmp_path / "run")])
    with Archive(data) as archive:
        pictures = Pictures(archive, 43, HELD_OUT_SHARE, SPLIT_SEED)
        for side, rows in zip(("teaching", "judging"), pictures.rows["track"], strict=True):
            assert (seen[side].labels == pictures.labels[rows]).all()
            assert (seen[side].crops == pictures.with_context[rows]).all()


def test_weights_that_held_the_same_tracks_out_are_judged_on_them(tmp_path: Path) -> None:
    catalogue = load_catalogue()
    data = benchmark.kaggle(tmp_path)
    with Archive(data) as archive:
        pictures = Pictures(archive, len(catalogue), HELD_OUT_SHARE, SPLIT_SEED)
        weights = tmp_path / "weights"
        weights.mkdir()
        shutil.copy(BUILT_IN / KERAS, weights)
        split = {"list_sha256": pictures.digest, "held_out_pictures": 8}
        write_record(weights, replace(read_record(BUILT_IN), data=split, recipe={"epochs": 2}))
        (weights / "history.jsonl").write_text(
            "".join(f'{{"epoch": {epoch}, "seconds": 60, "processor_seconds": 90}}\n' for epoch in (1, 2))
        )
        (ours,) = NETWORKS["signwatch"](None, 1, "float32")
        figures = measure_weights(ours, pictures, catalogue, weights)
    assert figures.validation_accuracy == 0.0, "plain grey squares are no signs"
    assert (figures.epochs, figures.training_s, figures.training_processor_s) == (2, 120, 180)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--networks", "seed,vgg"], "'vgg' is none of the networks (seed, resnet50, signwatch)"),
        (["--networks", "seed,seed"], "named twice"),
        (["--networks", "seed", "--weights", str(BUILT_IN)], "not among the networks"),
        (["--epochs", "0"], "'0' is neither"),
        (["--epochs", "seed=many"], "'seed=many' is neither"),
        (["--networks", "seed", "--epochs", "resnet50=2"], "'resnet50' is none of the networks (seed)"),
    ],
)
def test_wrong_usage_is_said_before_any_work(data: Path, tmp_path: Path, options: list[str], said: str) -> None:
    result = run(data, tmp_path / "out", *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_missing_or_broken_is_said_in_a_line(data: Path, tmp_path: Path) -> None:
    missing = run(tmp_path / "nowhere.zip", tmp_path / "out", "--networks", "seed")
    assert (missing.exit_code, missing.stderr.count("\n")) == (1, 1)
    assert "nowhere.zip: no such file or folder" in missing.stderr
    no_weights = run(data, tmp_path / "out", "--networks", "seed,signwatch", "--weights", str(tmp_path))
    assert (no_weights.exit_code, no_weights.stderr.count("\n")) == (1, 1)
    assert "no record of weights" in no_weights.stderr, "before anything is trained"
    assert not (tmp_path / "out").exists()
    (tmp_path / "seed-by-picture").mkdir()
    (tmp_path / "seed-by-picture" / "settings.json").write_text("{")
    broken = run(data, tmp_path, "--networks", "seed")
    assert (broken.exit_code, broken.stderr.count("\n")) == (1, 1)
    assert "settings.json: can't be read" in broken.stderr
