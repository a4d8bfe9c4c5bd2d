import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edge.cli import main

pq = pytest.importorskip("pyarrow.parquet", reason="tables need PyArrow")


def signwatch(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_wrong_usage_and_what_is_not_there_are_said(tmp_path: Path) -> None:
    assert signwatch("archive", "--out", tmp_path).exit_code == 2
    assert signwatch("archive", tmp_path, "--out", tmp_path, "--ray", "auto", "--workers", 2).exit_code == 2
    for sources, said in (((tmp_path / "none",), "isn't there"), ((tmp_path,), "there is no recording")):
        done = signwatch("archive", *sources, "--out", tmp_path / "out")
        assert done.exit_code == 1 and said in done.output
    assert not (tmp_path / "out").exists()


def test_a_run_says_what_it_did_to_programs_and_exits_1_where_something_is_broken(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        cv2.imwrite(str(pictures / f"{number}.png"), np.full((60, 80, 3), 40 * number, np.uint8))
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")
    command = [sys.executable, "-m", "edge.cli", "archive", "--list", "-", "--out", "out", "--workers", "1", "--json"]
    project = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin"},
        input="pictures\nbroken.mp4\n",
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert (said["recordings"], said["known"], said["frames"], said["signs_in_archive"]) == (2, 0, 3, 0)
    assert said["faults"] == ["broken.mp4 can't be read as a video; is it one?"]
    assert done.stderr.splitlines()[-1] == "signwatch: broken.mp4 can't be read as a video; is it one?"
    states = {row["recording"]: row["state"] for row in pq.read_table(tmp_path / "out/recordings.parquet").to_pylist()}
    assert states == {"pictures": "done", "broken.mp4": "broken"}
