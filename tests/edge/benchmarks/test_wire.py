import json
from importlib import util

import pytest
from click.testing import CliRunner

from edge.cli import bench_wire, main


def bench(*arguments: str) -> dict[str, dict[str, dict[str, float]]]:
    options = ["--seconds", "0.5", "--rate", "20", "--burst", "40", "--bursts", "2", "--size", "64x64", *arguments]
    result = CliRunner().invoke(main, ["bench", "wire", *options, "--json"])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_every_way_goes_to_a_second_process_and_all_of_it_arrives() -> None:
    pytest.importorskip("imagezmq")
    facts = bench("--signs", "2")
    ways = facts["ways"]
    assert list(ways) == ["signwatch", "send_json", "imagezmq-jpeg", "imagezmq-raw"]
    for row in ways.values():
        assert 0 < row["ms_median"] <= row["ms_p90"] <= row["ms_p99"]
        assert row["messages_per_second"] > 1 and row["sender_cpu_ms"] > 0
    assert 500 < ways["signwatch"]["bytes"] < 2000
    assert ways["imagezmq-raw"]["bytes"] > 64 * 64 * 3 > ways["signwatch"]["bytes"]
    assert facts["left_out"] == {} and facts["times_messages_per_second"].keys() == ways.keys() - {"signwatch"}


def test_without_imagezmq_the_rest_is_measured_and_the_reason_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_wire, "find_spec", lambda name: None if name == "imagezmq" else util.find_spec(name))
    facts = bench()
    assert list(facts["ways"]) == ["signwatch", "send_json"]
    assert facts["left_out"].keys() == {"imagezmq-jpeg", "imagezmq-raw"}
