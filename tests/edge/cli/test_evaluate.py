import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from edge.cli import main
from edge.cli.sign_part import pictures_of
from edge.cli.train import SPLIT_SEED
from edge.reader import MIN_CONFIDENCE, STILL_CONFIDENCE
from models.archive import Archive
from models.catalogue import load_catalogue
from models.gtsrb import list_pictures, split_by_track
from models.weights_record import BUILT_IN, read_record
from tests.models import benchmark
from tests.models.test_gtsdb import street


def test_classifier_figures_come_as_one_json_object(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["evaluate", "classifier", "--data", str(benchmark.kaggle(tmp_path)), "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["images"] == 3
    assert figures["errors"] == 3, "plain grey squares are no signs"
    assert {"accuracy", "parameters", "multiply_adds", "ece", "higher_limit_errors", "backend"} <= figures.keys()


def test_detector_figures_come_as_one_json_object(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["evaluate", "detector", "--data", str(street(tmp_path)), "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["frames"], figures["signs"], figures["recall"]) == (3, 2, 0)
    assert {"boxes_recall", "precision", "f1", "false_per_frame", "candidates_per_frame"} <= figures.keys()
    assert figures["held_out"]["frames"] == 1
    assert np.isfinite(figures["ms_median"])


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_the_held_out_part_is_the_tracks_that_training_holds_out(tmp_path: Path) -> None:
    result = evaluate("classifier", "--data", benchmark.kaggle(tmp_path, tracks=5), "--part", "held-out", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["part"], figures["images"]) == ("held-out", 2 * 4), "one track of each class at least"
    low, high = figures["accuracy_interval"]
    assert low <= figures["accuracy"] <= high


def test_held_out_pictures_are_never_ones_that_weights_have_learnt_from(tmp_path: Path) -> None:
    with Archive(benchmark.kaggle(tmp_path, tracks=10)) as archive:
        record = replace(read_record(BUILT_IN), data={"held_out_share": 0.3})
        held_out = pictures_of(archive, "held-out", load_catalogue(), record)
        everything = list_pictures(archive, "train")
    taught = [everything[row] for row in split_by_track(everything, 0.3, SPLIT_SEED)[0]]
    assert len(held_out) == 2 * 3 * 4
    assert not {picture.file for picture in held_out} & {picture.file for picture in taught}
    assert len(held_out) + len(taught) == len(everything)


def test_the_classifiers_report_is_written(tmp_path: Path) -> None:
    result = evaluate("classifier", "--data", benchmark.kaggle(tmp_path), "--html", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    for heading in ("What is taken for what", "What a confidence is worth", "Class by class", "The worst pictures"):
        assert heading in html
    assert "is: Speed limit (20km/h)" in html and "read: background" in html


def test_robustness_is_measured_by_kind_and_strength(tmp_path: Path) -> None:
    data = benchmark.kaggle(tmp_path)
    files = [tmp_path / name for name in ("report.html", "plot.png", "sheet.png")]
    result = evaluate(
        "robustness", "--data", data, "--limit", "2", "--kind", "box", "--kind", "cover", "--json",
        "--html", files[0], "--plot", files[1], "--sheet", files[2],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["images"], figures["part"], figures["clean"]["errors"]) == (2, "test", 2)
    assert set(figures["kinds"]) == {"box", "cover"}
    assert [row["strength"] for row in figures["kinds"]["box"]] == [0.05, 0.1, 0.15]
    assert all(
        {"unit", "accuracy", "errors", "called_background"} <= row.keys()
        for kind in figures["kinds"].values()
        for row in kind
    )
    assert all(file.stat().st_size > 10_000 for file in files)
    assert "Partly covered" in files[0].read_text(encoding="utf-8")


def test_one_kind_can_be_measured_alone_and_gives_the_same_again(tmp_path: Path) -> None:
    data = benchmark.kaggle(tmp_path)
    first, second = (evaluate("robustness", "--data", data, "--kind", "noise", "--json").stdout for _ in range(2))
    assert first == second
    assert list(json.loads(first)["kinds"]) == ["noise"]


def test_background_and_signs_are_counted_by_threshold(tmp_path: Path) -> None:
    data = street(tmp_path, "00000.ppm;2;3;21;22;7\n")
    result = evaluate("background", "--frames", data, "--json", "--html", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["frames"], figures["signs"], figures["signs_found"]) == (1, 1, 0)
    rows = {row["threshold"]: row for row in figures["thresholds"]}
    assert {MIN_CONFIDENCE, STILL_CONFIDENCE} <= rows.keys()
    assert rows[STILL_CONFIDENCE]["signs_lost_share"] == 1.0, "a black frame holds nothing that reads as a sign"
    assert rows[STILL_CONFIDENCE]["found_lost_share"] is None
    assert "Background that passes" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_frames_that_all_taught_something_are_no_measure(tmp_path: Path) -> None:
    folder = street(tmp_path) / "FullIJCNN2013"
    (folder / "00000.png").unlink()
    result = evaluate("background", "--frames", tmp_path)
    assert result.exit_code == 1
    assert "no frame in it that was held out" in result.output


def test_tracks_are_measured_on_drives_and_reported_with_pictures(tmp_path: Path) -> None:
    data = street(tmp_path, "00000.ppm;12;3;43;34;7\n")
    report = tmp_path / "report.html"
    result = evaluate("tracks", "--frames", data, "--limit", "2", "--json", "--html", report)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["drives"], figures["empty_drives"], figures["confirmations"]) == (2, 1, 0)
    assert {"signs", "confirmed_share", "confirmed_interval", "early", "wrong", "switched", "tracks"} <= figures.keys()
    assert figures["held_out"]["drives"] == 1
    assert figures["clips"]["drives"] == 0
    page = report.read_text(encoding="utf-8")
    assert "Confirmed by mistake" in page and "Not confirmed" in page


def test_tracks_are_told_in_words_too(tmp_path: Path) -> None:
    result = evaluate("tracks", "--frames", street(tmp_path, ""), "--held-out")
    assert result.exit_code == 0, result.output
    assert "confirmed in drives without signs" in result.stdout
    assert "1 drives" in result.stdout
