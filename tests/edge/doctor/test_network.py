import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.doctor.network import check_network, check_opencv
from models.weights_record import BUILT_IN, LITERT_INT8


def test_opencv_without_its_libraries_is_broken_and_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_opencv().state == "ok"
    monkeypatch.setitem(sys.modules, "cv2", None)
    finding = check_opencv()
    assert (finding.state, "libgl1" in (finding.mend or "")) == ("broken", True)


@pytest.mark.parametrize("backend", ["auto", "litert"])
def test_the_weights_of_the_package_read_a_drawn_sign(backend: str) -> None:
    weights, network = check_network(BUILT_IN, backend)  # type: ignore[arg-type]
    assert (weights.state, network.state) == ("ok", "ok")
    assert "43 signs" in weights.found
    assert "a drawn stop sign read with" in network.found


def test_weights_that_are_damaged_or_missing_are_broken(tmp_path: Path) -> None:
    (missing,) = check_network(tmp_path / "nowhere", "auto")
    assert (missing.state, missing.mend is not None) == ("broken", True)
    shutil.copytree(BUILT_IN, tmp_path / "weights")
    file = tmp_path / "weights" / LITERT_INT8
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    (damaged,) = check_network(tmp_path / "weights", "litert-int8")
    assert (damaged.state, "damaged" in damaged.found) == ("broken", True)


def test_a_backend_that_computes_nonsense_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    import models.classifier as module

    monkeypatch.setattr(module, "softmax", lambda logits: np.full_like(logits, 1 / logits.shape[1]))
    _, network = check_network(BUILT_IN, "auto")
    assert (network.state, "does not read a drawn stop sign" in network.found) == ("broken", True)


def test_a_backend_that_can_not_compute_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    import models.backends.batches as module

    def refuse(*_: object) -> None:
        raise RuntimeError("illegal instruction")

    monkeypatch.setattr(module, "_filled", refuse)
    _, network = check_network(BUILT_IN, "auto")
    assert (network.state, "illegal instruction" in network.found) == ("broken", True)
