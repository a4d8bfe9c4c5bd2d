import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from tests.models import benchmark


def explore(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["explore", *map(str, arguments)])


@pytest.mark.parametrize("layout", [benchmark.kaggle, benchmark.official])
@pytest.mark.parametrize("packed", [False, True])
def test_either_layout_is_explored_as_folder_and_as_zip(tmp_path: Path, layout: object, packed: bool) -> None:
    assert callable(layout)
    (tmp_path / "set").mkdir()
    data = layout(tmp_path / "set")
    if packed:
        data = benchmark.zipped(data, tmp_path / "set.zip")
    result = explore("--data", data, "--out", tmp_path / "report.html", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert (facts["train"]["pictures"], facts["test"]["pictures"]) == (24, 3)
    assert facts["train"]["classes"][:3] == [12, 12, 0]
    assert facts["train"]["tracks"] == 6
    assert facts["train"]["sign_side_px"]["median"] == 15.0
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Speed limit (20km/h)" in html and "data:image/webp" in html


def test_broken_and_missing_pictures_and_empty_classes_are_told_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    data = benchmark.kaggle(tmp_path / "set")
    (data / "Train/0/00000_00000_00000.png").write_bytes(b"")
    (data / "Test/00001.png").unlink()
    result = explore("--data", data, "--out", tmp_path / "report.html", "--json")
    assert result.exit_code == 0, result.output
    problems = json.loads(result.stdout)["problems"]
    assert any("00000_00000_00000.png: no picture" in problem for problem in problems)
    assert any("Test/00001.png is missing" in problem for problem in problems)
    assert any("no picture of class 14 (Stop) in the train part" in problem for problem in problems)
    assert "00000_00000_00000.png" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_set_without_a_test_part_is_explored_all_the_same(tmp_path: Path) -> None:
    data = benchmark.kaggle(tmp_path)
    (data / "Test.csv").unlink()
    result = explore("--data", data, "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert "test" not in facts
    assert any("no test part" in problem for problem in facts["problems"])


def test_sure_readings_that_disagree_are_doubtful_labels(tmp_path: Path) -> None:
    facts = json.loads(explore("--data", benchmark.kaggle(tmp_path), "--json").stdout)
    assert facts["doubtful"], "a plain square is background to the network, whatever its label says"
    assert all(doubt["confidence"] >= 0.9 and doubt["label"] != doubt["reading"] for doubt in facts["doubtful"])


def test_what_is_no_data_set_is_one_line(tmp_path: Path) -> None:
    result = explore("--data", tmp_path, "--json")
    assert result.exit_code == 1
    assert "neither GTSRB's tables nor folders of pictures" in result.output and result.output.count("\n") == 1


def test_wrong_usage_is_said_before_any_work(tmp_path: Path) -> None:
    assert "give --out FILE" in explore("--data", tmp_path).output
    result = explore("--data", tmp_path, "--out", tmp_path / "nowhere/report.html")
    assert result.exit_code == 2
    assert "its folder isn't there" in result.output


def test_missing_packages_are_said_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = explore("--data", benchmark.kaggle(tmp_path), "--out", tmp_path / "report.html")
    assert result.exit_code == 1
    assert "pip install 'signwatch[report]'" in result.output
