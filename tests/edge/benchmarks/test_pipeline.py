import json
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.benchmarks import pipeline
from edge.cli import main
from edge.frame import Frame
from models.weights_record import BUILT_IN


def bench(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(main, ["bench", "pipeline", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_the_whole_way_is_timed_on_two_cores_and_on_one_by_stage_and_from_the_file() -> None:
    facts = bench("--count", "8", "--rounds", "2", "--size", "320x240", "--no-peers")
    for part in (facts, facts["one_core"]):
        assert isinstance(part, dict)
        assert 0 < part["ms_median"] <= part["ms_p90"] <= part["ms_p99"]
        assert part["frames_per_second"] == pytest.approx(1e3 / part["ms_median"], rel=0.01)
        assert (part["size"], part["frames"], part["measured"]) == ([320, 240], 8, 14 if part is facts else 7)
        assert part["cpu_ms_median"] > 0
        latency = part["latency_ms"]
        assert 0 < latency["median"] <= latency["p90"] <= latency["p99"]
        stages = part["stages_ms"]
        assert next(iter(stages)) == "look" and {"maps", "screen", "network", "encode"} <= stages.keys()
        assert 0 < max(stages.values()) < latency["p99"]
    assert facts["peers"] == {} and facts["left_out"] == {}
    recording = facts["recording"]
    assert isinstance(recording, dict)
    ratio = recording["frames_per_second"] / recording["decoding_frames_per_second"]
    assert recording["of_decoding"] == pytest.approx(ratio, abs=0.001)
    assert {"machine", "versions", "threads", "cores"} <= facts.keys()


@pytest.mark.skipif(find_spec("openvino") is None, reason="it is run by OpenVINO too")
def test_a_small_network_is_timed_beside_it_on_the_same_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    monkeypatch.setattr(pipeline, "SIDES_PX", (64, 128))
    figures = pipeline.measure(
        source="pattern:160x96#4",
        stills=False,
        frames=4,
        rounds=2,
        peers=True,
        recording=False,
        weights=str(BUILT_IN),
        backend="auto",
        threads=1,
        report=lambda done, of: None,
    )
    names = [f"yolo11n-{runtime}-{size}" for runtime in ("onnxruntime", "openvino") for size in ("64", "128", "128x96")]
    assert list(figures["peers"]) == names
    for name in names:
        ratio = figures["frames_per_second"] / figures["peers"][name]
        assert figures["times_peers"][name] == round(ratio, 2)
    assert figures["precision"].keys() == {"onnxruntime", "openvino"}


def test_what_is_not_installed_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Frame(np.zeros((32, 32, 3), np.uint8), 0, 0, 0, 0.0, None)
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    _, left_out = pipeline.open_peers((32, 32), [frame], 1)
    assert left_out.keys() == {"yolo11n-onnxruntime", "yolo11n-openvino"}
    monkeypatch.setitem(sys.modules, "onnx", None)
    measures, left_out = pipeline.open_peers((32, 32), [frame], 1)
    assert not measures and left_out == {"yolo11n": "its graph needs onnx: pip install 'signwatch[bench]'"}


def test_a_source_that_gives_no_frames_is_one_line(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "only.png"), np.zeros((96, 160, 3), np.uint8))
    result = CliRunner().invoke(main, ["bench", "pipeline", "--frames", str(tmp_path), "--json"])
    assert result.exit_code == 1 and "give two or more" in result.output
    result = CliRunner().invoke(main, ["bench", "pipeline", "--frames", str(tmp_path / "none.mp4")])
    assert result.exit_code == 1 and "isn't there" in result.output
