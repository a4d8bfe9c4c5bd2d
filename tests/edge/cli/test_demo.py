from pathlib import Path

from click.testing import CliRunner

from edge.cli import main
from edge.cli.demo_table import readings
from edge.messages import decode
from edge.sources import open_source

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
    assert "0 readings were wrong" in result.stdout
    with open_source(str(tmp_path / "annotated.mp4")) as drawn:
        assert drawn.frame_count == 25 * SECONDS
