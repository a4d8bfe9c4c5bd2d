import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from edge.cli.sign_part import pictures_of
from edge.reader import MIN_CONFIDENCE, STILL_CONFIDENCE
from edge.sample_drive import draw_sign
from edge.training_crops import SPLIT_SEED
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
    assert (figures["recall_at_50"], figures["recall_at_100"], figures["network"]) == (0, 0, "shipped")
    assert set(figures["recall_by_family"]) == {"priority", "prohibitory"}
    assert sum(value is not None for value in figures["recall_by_size"].values()) == 1, "both signs are 20 px large"
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
    signs = benchmark.kaggle(tmp_path / "signs")
    result = evaluate("background", "--frames", data, "--gtsrb", signs, "--json", "--html", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert {row["of"] for row in figures["look_alikes"]} == {0}, "grey pictures have no colour to change"
    assert (figures["frames"], figures["signs"], figures["signs_found"]) == (1, 1, 0)
    rows = {row["threshold"]: row for row in figures["thresholds"]}
    assert {MIN_CONFIDENCE, STILL_CONFIDENCE} <= rows.keys()
    assert rows[STILL_CONFIDENCE]["signs_lost_share"] == 1.0, "a black frame holds nothing that reads as a sign"
    assert rows[STILL_CONFIDENCE]["found_lost_share"] is None
    assert "Background that passes" in (tmp_path / "report.html").read_text(encoding="utf-8")


def streets_with_signs(folder: Path, count: int) -> Path:
    """Frames of noise with a stop sign in each, 40 px large."""
    folder.mkdir()
    table = []
    generator = np.random.default_rng(0)
    sign = draw_sign(14, 40)
    alpha = sign[..., 3:] / 255
    for number in range(count):
        coarse = generator.integers(60, 160, (30, 40, 3), np.uint8)
        image = np.asarray(cv2.resize(coarse, (480, 360), interpolation=cv2.INTER_CUBIC), np.uint8)
        x = 40 + 30 * number
        image[100:140, x : x + 40] = alpha * sign[..., 2::-1] + (1 - alpha) * image[100:140, x : x + 40]
        (folder / f"{number:05}.png").write_bytes(benchmark.encode(".png", image))
        table.append(f"{number:05}.ppm;{x};100;{x + 39};139;14\n")
    (folder / "gt.txt").write_text("".join(table), encoding="utf-8")
    return folder


def test_figures_without_what_the_network_has_seen_are_given_too(tmp_path: Path) -> None:
    data, signs = streets_with_signs(tmp_path / "frames", 2), tmp_path / "signs"
    (signs / "Train").mkdir(parents=True)
    image = cv2.imread(str(data / "00000.png"))
    assert image is not None
    (signs / "Train/a.png").write_bytes(benchmark.encode(".png", np.asarray(image[95:145, 35:85], np.uint8)))
    head = "Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId,Path\n"
    (signs / "Train.csv").write_text(f"{head}50,50,5,5,44,44,14,Train/a.png\n", encoding="utf-8")
    result = evaluate("detector", "--data", data, "--gtsrb", signs, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["frames"], figures["shared_signs"], figures["without_shared"]["frames"]) == (2, 1, 1)
    assert "share no sign" in evaluate("detector", "--data", data, "--gtsrb", signs).stdout


def test_every_frame_is_measured_with_a_ranker_that_has_not_learnt_from_it(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm", exc_type=ImportError)
    data, page = streets_with_signs(tmp_path / "frames", 6), tmp_path / "report.html"
    result = evaluate("detector", "--data", data, "--folds", "2", "--json", "--html", page)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["frames"], figures["folds"], figures["signs"]) == (6, 2, 6)
    assert "held_out" not in figures, "all of them are"
    text = page.read_text(encoding="utf-8")
    assert "Signs that are missed" in text and "What is found and is wrong" in text


def test_frames_of_which_none_or_nothing_was_held_out_are_no_defect(tmp_path: Path) -> None:
    folder = street(tmp_path) / "FullIJCNN2013"
    (folder / "00000.png").unlink()
    result = evaluate("detector", "--data", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    assert "held_out" not in json.loads(result.stdout)
    for picture in folder.glob("*.png"):
        picture.unlink()
    (folder / "gt.txt").write_text("", encoding="utf-8")
    empty = evaluate("detector", "--data", tmp_path)
    assert (empty.exit_code, empty.stderr.count("\n")) == (1, 1)
    assert "no frame in it" in empty.stderr


def test_fold_weights_leave_no_choice_of_folds(tmp_path: Path) -> None:
    result = evaluate("detector", "--data", tmp_path, "--folds", "3", "--fold-weights", tmp_path)
    assert result.exit_code == 2
    assert "for 5 folds" in result.output


def test_frames_without_signs_teach_no_ranker(tmp_path: Path) -> None:
    result = evaluate("detector", "--data", street(tmp_path, ""), "--folds", "2")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "to learn from" in result.stderr


def test_frames_that_all_taught_something_are_no_measure(tmp_path: Path) -> None:
    folder = street(tmp_path) / "FullIJCNN2013"
    (folder / "00000.png").unlink()
    result = evaluate("background", "--frames", tmp_path)
    assert result.exit_code == 1
    assert "no frame of fold 0 in it" in result.output


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


def test_signs_are_counted_by_condition_and_strength(tmp_path: Path) -> None:
    data = streets_with_signs(tmp_path / "frames", 6)
    files = [tmp_path / name for name in ("report.html", "plot.png", "sheet.png")]
    result = evaluate(
        "conditions", "--data", data, "--condition", "snow", "--condition", "fisheye", "--json",
        "--html", files[0], "--plot", files[1], "--sheet", files[2],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["frames"], figures["signs"], figures["network"]) == (2, 2, "shipped"), "frames 0 and 5 are held out"
    assert [row["strength"] for row in figures["conditions"]["snow"]] == [0.1, 0.2, 0.3, 0.4]
    rows = [figures["clean"], *figures["conditions"]["snow"], *figures["conditions"]["fisheye"]]
    assert all({"recall_at_50", "recall", "precision", "false_per_frame", "ms_median"} <= row.keys() for row in rows)
    assert rows[0]["recall_at_50"] == 1.0
    assert figures["conditions"]["fisheye"][0]["recall_at_50"] == 1.0, "the truth moves with the picture"
    steps = np.diff([row["recall"] for row in rows[:5]])
    assert figures["largest_fall"]["snow"]["recall"] == -steps.min()
    assert all(file.stat().st_size > 10_000 for file in files)
    assert "Edge of a fisheye" in files[0].read_text(encoding="utf-8")


def test_conditions_want_frames_with_signs_that_taught_nothing(tmp_path: Path) -> None:
    result = evaluate("conditions", "--data", street(tmp_path), "--condition", "snow")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "no frame with a sign in it among those that taught nothing" in result.stderr
    both = evaluate("conditions", "--data", tmp_path, "--fold-weights", tmp_path, "--weights", tmp_path)
    assert both.exit_code == 2
