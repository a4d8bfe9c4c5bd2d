import json
import sys

import pytest
from click.testing import CliRunner

from edge.cli import main


def test_the_start_is_timed_to_the_first_message_and_to_what_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    result = CliRunner().invoke(main, ["bench", "start", "--runs", "1", "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    seconds = {name: row["median"] for name, row in facts["milestones_s"].items()}
    backends = ("litert-int8", "litert")
    assert list(seconds) == [
        *("python", "import edge", "import edge.cli.run"),
        *(f"loaded, {name}" for name in backends),
        *(f"first message, {name}" for name in backends),
    ]
    assert 0 < seconds["python"] < min(seconds[f"first message, {name}"] for name in backends)
    assert "needs TensorFlow" in facts["left_out"]["keras"]
