"""The OpenAPI document, and a service that keeps to it whatever it is sent."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edge.service.answers import encode
from edge.service.openapi import BATCH, NO_SIGN, PREDICTION
from tests.edge.service.serving import Served, served

EXAMPLES = 60
"""Requests of each kind for each operation."""
NO_SCHEMA_KNOWS = "positive_data_acceptance,negative_data_rejection"
"""Checks that take every body that a schema allows for a good one; which bytes are a picture, none says."""


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served() as service:
        yield service


@pytest.fixture(scope="module")
def document(service: Served) -> Any:
    return json.loads(service.get("openapi.json"))


@pytest.mark.parametrize(("name", "example"), [("Prediction", PREDICTION), ("Prediction", NO_SIGN), ("Batch", BATCH)])
def test_examples_are_what_they_are_examples_of(document: Any, name: str, example: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.validate(json.loads(encode(example)), schema)


def test_nulls_of_examples_are_told(document: Any) -> None:
    content = document["paths"]["/predict_traffic_sign"]["post"]["responses"]["200"]["content"]["application/json"]
    assert content["examples"]["no sign"]["value"]["class_index"] is None


def test_the_service_does_what_it_says(service: Served, tmp_path: Path) -> None:
    """Schemathesis makes requests from the document, right ones and wrong ones, and holds the answers against it."""
    pytest.importorskip("schemathesis")
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", service.address + "openapi.json", "--max-examples",
            str(EXAMPLES), "--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color",
            "--generation-database", "none", "--exclude-checks", NO_SCHEMA_KNOWS,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout
    assert service.is_ready() and 'status="500"' not in service.get("metrics")
