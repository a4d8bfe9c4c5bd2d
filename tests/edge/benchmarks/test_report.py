import json
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from edge.benchmarks.page import performance_page
from edge.cli import bench_report, main

pytest.importorskip("matplotlib", reason="plots need the extra report")


def report(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["bench", "report", *map(str, arguments)])


def test_one_command_makes_the_page_its_figures_and_its_plots(tmp_path: Path) -> None:
    out = tmp_path / "performance.md"
    result = report("--out", out, "--quick", "--only", "pipeline", "--only", "wire")
    assert result.exit_code == 0, result.output
    run = json.loads(out.with_suffix(".json").read_text())
    page = out.read_text()
    assert f"| signwatch, {run['pipeline']['cores']} cores | {run['pipeline']['frames_per_second']:.1f} |" in page
    assert f"{run['wire']['ways']['signwatch']['messages_per_second']:,.0f} |" in page
    assert "![Plots of the figures below](performance.png)" in page
    assert run["machine"]["processor"] in page
    plots = cv2.imread(str(out.with_suffix(".png")))
    assert plots is not None and min(plots.shape[:2]) > 300

    again = tmp_path / "again.md"
    assert report("--out", again, "--from", out.with_suffix(".json")).exit_code == 0
    assert again.read_text() == page.replace("performance.png", "again.png")


def test_a_benchmark_that_can_not_run_is_left_out_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setitem(bench_report.QUICK, "live", ["--fps", "0"])
    result = report("--out", page, "--quick", "--only", "live")
    assert result.exit_code == 1 and "not one benchmark ran: " in result.output and "--fps" in result.output
    assert not page.exists()
    assert report("--out", page, "--quick", "--only", "live", "--only", "wire").exit_code == 0
    assert "## Left out\n\n- `live`: " in page.read_text()


def test_a_file_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    for content in ("[]", "{}", "{"):
        kept.write_text(content)
        result = report("--out", tmp_path / "page.md", "--from", kept)
        assert result.exit_code == 1 and "run.json: is no" in result.output
    assert not (tmp_path / "page.md").exists()
    result = report("--out", tmp_path / "run.json", "--from", kept)
    assert result.exit_code == 2 and kept.read_text() == "{"


def test_parts_that_are_not_there_have_no_section() -> None:
    run = {"date": "2026-01-01", "command": "c", "machine": {"processor": "p", "cores": 2, "system": "s"}}
    page = performance_page({**run, "versions": {}, "left_out": {}}, "plots.png")
    assert "## " not in page
