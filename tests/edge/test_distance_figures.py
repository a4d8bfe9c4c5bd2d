"""Distances that were told, against true ones: as a figure, a table and a plot."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from edge.distance_figures import distances
from edge.messages import FrameMessage, encode
from tests.edge.messages import MESSAGE, SIGN

TRUE_M = 30.0


def messages(*told_m: float | None, state: str = "confirmed") -> list[FrameMessage]:
    return [
        msgspec.structs.replace(
            MESSAGE,
            frame=number,
            signs=(
                msgspec.structs.replace(SIGN, state=state, distance_m=told, distance_std_m=told and 2.0, ttc_s=2.0),
            ),
        )
        for number, told in enumerate(told_m)
    ]


def truth(count: int, box: tuple[float, ...] = SIGN.box) -> list[str]:
    sign = {"sign": 0, "class_id": 2, "box": list(box), "distance_m": TRUE_M, "visible": 1.0}
    return [json.dumps({"frame": number, "signs": [sign]}) for number in range(count)]


def test_figures_are_of_what_was_told() -> None:
    found = distances(messages(30.0, 33.0, 36.0, None), truth(4)).figures()
    assert found["count"] == 4
    assert found["told"] == 3
    assert found["median_error"] == pytest.approx(0.1)
    assert found["bias"] == pytest.approx(0.1)
    assert found["in_interval"] == pytest.approx(2 / 3, abs=1e-4), "6 m are three standard deviations"


def test_only_confirmed_signs_on_true_ones_count() -> None:
    assert distances(messages(30.0, state="tentative"), truth(1)).figures()["count"] == 0
    assert distances(messages(30.0), truth(1, (0.0, 0.0, 10.0, 10.0))).figures()["median_error"] is None
    assert len(distances(messages(30.0), truth(1)).within(40, 60).true_m) == 0


def test_frames_that_are_not_the_same_are_refused() -> None:
    with pytest.raises(ValueError, match="frame 0"):
        distances(messages(30.0), truth(2)[1:])


def evaluate(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", "distances", str(folder), *arguments])


def write(folder: Path, told: list[FrameMessage], true: list[str]) -> None:
    (folder / "messages.jsonl").write_bytes(b"".join(encode(message) + b"\n" for message in told))
    (folder / "truth.jsonl").write_text("".join(line + "\n" for line in true))


def test_the_command_gives_figures_a_table_and_a_plot(tmp_path: Path) -> None:
    write(tmp_path, messages(*[31.0] * 20), truth(20))
    result = evaluate(tmp_path, "--json", "--plot", str(tmp_path / "plot.png"))
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["median_error"] == pytest.approx(1 / 30, abs=1e-4)
    assert [band["told"] for band in told["bands"]] == [0, 0, 20, 0, 0]
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "3.3 %" in evaluate(tmp_path).stdout


@pytest.mark.parametrize(
    ("told", "true", "said"),
    [
        (messages(None), truth(1), "process the drive with --camera"),
        (messages(30.0), truth(2), "don't belong together"),
        (messages(30.0), ["{"], "don't belong together"),
        (messages(30.0), ["{}"], "don't belong together"),
    ],
)
def test_what_can_not_be_compared_is_said_in_a_line(
    tmp_path: Path, told: list[FrameMessage], true: list[str], said: str
) -> None:
    write(tmp_path, told, true)
    result = evaluate(tmp_path)
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_folder_without_a_drive_is_named(tmp_path: Path) -> None:
    result = evaluate(tmp_path)
    assert result.exit_code == 1
    assert "messages.jsonl" in result.stderr
