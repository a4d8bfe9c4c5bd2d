import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from calibration.mounting_file import load_mounted
from edge.cli import main
from edge.cli.demo_table import readings, verdict
from edge.distance_figures import distances
from edge.messages import decode
from edge.sample_drive.lens import usual_mounting
from edge.sources import open_source
from models.catalogue import load_catalogue
from tests.edge.messages import MESSAGE, SIGN

SECONDS = 7


def test_the_sample_drive_goes_through_everything_to_a_second_process(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["demo", "--out", str(tmp_path), "--seconds", str(SECONDS)])
    assert result.exit_code == 0, result.output
    messages = [decode(line.encode()) for line in (tmp_path / "messages.jsonl").read_text().splitlines()]
    assert len(messages) == 25 * SECONDS
    assert f"in {25 * SECONDS} messages" in result.stdout, "the subscriber received every one"
    rows = readings(messages)
    assert len(rows) >= 3
    for row in rows:
        assert row.name in result.stdout
        assert row.first_seen_s < row.confirmed_s, "nothing is confirmed at first sight"
    assert "0 readings were wrong, no limits as a higher one." in result.stdout
    found = distances(messages, (tmp_path / "truth.jsonl").read_text().splitlines()).within(10, 60).figures()
    assert found["told"] is not None
    assert 50 < found["told"] == found["count"]
    assert found["median_error"] is not None
    assert found["median_error"] < 0.08
    assert found["in_interval"] is not None
    assert found["in_interval"] >= 0.9
    assert f"off by {found['median_error']:.1%} in the median" in result.stdout
    assert load_mounted(tmp_path / "camera.toml").mounting == usual_mounting()
    with open_source(str(tmp_path / "annotated.mp4")) as drawn:
        assert drawn.frame_count == 25 * SECONDS


@pytest.mark.parametrize(
    ("class_id", "said"),
    [
        (2, "1 of the 1 signs along the road were read right; 0 readings were wrong, no limits as a higher one."),
        (1, "0 of the 1 signs along the road were read right; 1 reading was wrong, no limits as a higher one."),
        (5, "0 of the 1 signs along the road were read right; 1 reading was wrong, 1 limit as a higher one."),
    ],
)
def test_a_limit_that_is_read_as_a_higher_one_is_told_apart(tmp_path: Path, class_id: int, said: str) -> None:
    truth = tmp_path / "truth.jsonl"
    truth.write_text(json.dumps({"signs": [{"sign": 0, "class_id": 2, "box": list(SIGN.box), "visible": 1.0}]}) + "\n")
    read = msgspec.structs.replace(SIGN, class_id=class_id)
    assert verdict([msgspec.structs.replace(MESSAGE, signs=(read,))], truth, load_catalogue()) == said
