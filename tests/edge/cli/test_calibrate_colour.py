import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.sample_drive import SampleDrive
from edge.video_writer import VideoWriter
from tests.calibration.pictures import exposed, tinted


@pytest.fixture(scope="module")
def dim_and_warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dark drive of 9 s behind a brown windscreen, two pictures a second."""
    path = tmp_path_factory.mktemp("drives") / "warm.mp4"
    with VideoWriter(path, size_wh=(640, 360), fps=2.0) as writer:
        for picture, _ in SampleDrive(8, size=(640, 360), fps=2.0, seconds=9).frames():
            writer.write(exposed(tinted(picture, (-1.2, 0, 1.2)), -4))
    return path


def test_a_cast_is_told_with_what_is_wrong(dim_and_warm: Path) -> None:
    done = CliRunner().invoke(main, ["calibrate", "colour", str(dim_and_warm), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    facts = json.loads(done.stdout)
    assert facts["frames"] == 18 and facts["pictures"] == 18
    assert facts["taken_off"] and 1.5 < facts["strength_stops"] < 3.2
    assert facts["cast_stops"]["red"] > 0.6 and facts["gains"]["blue"] > 1 > facts["gains"]["red"]
    assert list(facts["degraded"]) == ["underexposed"] and 0.5 < facts["degraded"]["underexposed"] < 1


def test_for_people_it_says_what_a_run_will_do(dim_and_warm: Path) -> None:
    done = CliRunner().invoke(main, ["calibrate", "colour", str(dim_and_warm), "--seconds", "5"])
    assert done.exit_code == 0
    assert "a run takes them off" in done.stdout.splitlines()[1]


def test_a_drive_too_short_is_said_in_one_line() -> None:
    done = CliRunner().invoke(main, ["calibrate", "colour", "pattern:64x64#50"])
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if "takes 10" in line]
    assert "give a longer drive" in line
