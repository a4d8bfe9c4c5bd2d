import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from edge.cli import main
from tests.models import benchmark
from tests.models.test_gtsdb import street


def test_classifier_figures_come_as_one_json_object(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["evaluate", "classifier", "--data", str(benchmark.kaggle(tmp_path)), "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["images"] == 3
    assert figures["errors"] == 3, "plain grey squares are no signs"
    assert {"accuracy", "parameters", "multiply_adds", "ece", "higher_limit_errors", "backend"} <= figures.keys()


def test_detector_figures_come_as_one_json_object(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["evaluate", "detector", "--data", str(street(tmp_path)), "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["frames"], figures["signs"], figures["recall"]) == (3, 2, 0)
    assert {"boxes_recall", "precision", "f1", "false_per_frame", "candidates_per_frame"} <= figures.keys()
    assert figures["held_out"]["frames"] == 1
    assert np.isfinite(figures["ms_median"])
