import json
import subprocess
import sys

import pytest

from tests.edge.service.serving import PROJECT


def test_the_service_is_measured_beside_one_that_loads_its_network_for_each_request() -> None:
    pytest.importorskip("tensorflow")
    done = subprocess.run(
        [sys.executable, "-m", "edge.cli", "bench", "service", "--seconds", "0.5", "--json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["one_core"]["answers"] > 20 and facts["reloading"]["answers"] >= 12
    assert facts["one_core"]["ms_median"] < facts["reloading"]["ms_median"]
    assert facts["resident_mb"] > 30 and facts["ready_s"] > 0
