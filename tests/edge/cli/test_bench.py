import json
import sys
from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from edge.cli import bench_live, bench_stream, main


def bench(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["bench", "classifier", "--rounds", "2", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.skipif(find_spec("openvino") is None, reason="it is one of the peers")
def test_every_backend_and_batch_is_timed_in_one_run() -> None:
    pytest.importorskip("tensorflow", reason="the keras backend needs TensorFlow")
    figures = json.loads(bench("--json"))
    names = ("keras", "litert", "litert-int8", "keras-predict", "onnxruntime", "openvino")
    assert [(row["backend"], row["batch"]) for row in figures["rows"]] == [
        (backend, batch) for backend in names for batch in (1, 8, 16, 32, 64)
    ]
    for row in figures["rows"]:
        assert 0 < row["ms_least"] <= row["ms_median"] <= row["ms_p90"] <= row["ms_p99"]
        assert row["crops_per_second"] == pytest.approx(row["batch"] / row["ms_median"] * 1e3, rel=1e-2)
    by_name = {(row["backend"], row["batch"]): row["crops_per_second"] for row in figures["rows"]}
    ratio = by_name["litert-int8", 64] / by_name["keras", 64]
    assert figures["int8_over_keras_at_64"] == pytest.approx(ratio, abs=0.01)
    assert figures["int8_times_at_64"]["keras"] == figures["int8_over_keras_at_64"]
    assert figures["threads"].keys() == set(names)
    assert {"python", "numpy", "ai-edge-litert"} <= figures["versions"].keys()


def test_without_tensorflow_the_rest_is_timed_and_the_reason_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    text = bench("--threads", "1")
    assert "keras        left out: the keras backend needs TensorFlow: pip install 'signwatch[train]'" in text
    assert "times the crops of litert at 64" in text
    assert "threads: litert 1, litert-int8 1;" in text
    assert "openvino     left out: the network of others needs TensorFlow" in text


def test_the_whole_way_is_timed_in_three_processes_and_the_counts_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_stream, "DRIVE_SECONDS", 0.5)
    monkeypatch.setattr(bench_live, "WARM_UP_S", 0.1)
    result = CliRunner().invoke(
        main,
        ["bench", "live", "--seconds", "3", "--fps", "10", "--size", "320x240", "--cameras", "2", "--record", "--json"],
    )
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["captured"] == figures["published"] + figures["dropped"] > 0
    ages = figures["capture_to_subscriber_ms"]
    assert 0 < ages["median"] <= ages["p90"] <= ages["p99"] <= ages["most"]
    assert figures["capture_to_message_ms"]["median"] <= ages["median"]
    assert (figures["missed"], figures["cameras"], figures["size"]) == (0, 2, [320, 240])
    assert figures["start_to_first_message_s"] > 0
    assert figures["recorded"] > 0


def test_the_candidate_stage_is_timed_by_stage_on_easy_and_on_hard_pictures() -> None:
    result = CliRunner().invoke(main, ["bench", "detector", "--count", "2", "--size", "320x240", "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    kinds = facts["kinds"]
    assert {
        "drive",
        "noise",
        "checkerboard 2",
        "checkerboard 20",
        "nested discs",
        "red lorry",
        "8K noise",
    } <= kinds.keys()
    assert 0 < facts["memory_before_mb"] <= facts["memory_peak_mb"]
    assert kinds["drive"]["times_drive"] == 1.0
    for row in kinds.values():
        assert row["pictures"] == 2
        assert list(row["stages_ms"]) == ["shrink", "light", "maps", "regions", "sieve", "rank", "place"]
        assert 0 < sum(row["stages_ms"].values()) <= 2 * row["ms_p99"]
    assert facts["compared_on"] == "drive"
    assert list(facts["compared"]) == ["candidates", "hsv-contours", "mser"]
    for row in facts["compared"].values():
        assert 0 < row["ms_median"] <= row["ms_p99"] and row["recall"] is None


def test_a_run_whose_camera_dies_again_and_again_is_weighed_and_its_frames_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_stream, "DRIVE_SECONDS", 0.5)
    options = ["--seconds", "12", "--every", "2.5", "--down", "0.5", "--fps", "10", "--size", "320x240", "--json"]
    result = CliRunner().invoke(main, ["bench", "soak", *options])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["reconnections"] >= 1
    assert figures["captured"] == figures["published"] + figures["dropped"] > 0
    assert (figures["missed"], figures["wrong_times"]) == (0, 0)
    assert 0 < figures["return_s"]["median"] <= figures["return_s"]["most"]
    for kind in ("resident_mib", "threads", "descriptors"):
        assert 0 < figures[kind]["settled"] <= figures[kind]["most"]
    growth = figures["resident_mib"]["most"] / figures["resident_mib"]["settled"] - 1
    assert figures["resident_growth_percent"] == pytest.approx(100 * growth, abs=0.1)


def test_a_soak_too_short_to_compare_anything_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["bench", "soak", "--seconds", "60", "--every", "60"])
    assert result.exit_code == 2
    assert "at least 4 times" in result.output


def test_recording_is_timed_and_everything_handed_over_is_accounted_for() -> None:
    result = CliRunner().invoke(
        main, ["bench", "recording", "--seconds", "2", "--fps", "10", "--size", "320x240", "--json"]
    )
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["recorded"] + figures["unrecorded"] == 2 * 20
    assert figures["cpu_ms_per_frame"] > 0 and figures["kb_per_frame"] > 5
    assert 0 < figures["hand_over_us"]["median"] <= figures["hand_over_us"]["p99"]
