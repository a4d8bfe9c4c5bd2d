from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="export needs TensorFlow")

from models.augmentation import CONTEXT_SIZE_PX
from models.backends.litert import litert_logits
from models.errors import ModelError
from models.export import export_weights, weights
from models.export.readback import check_accuracy, check_int8, check_same, logarithms
from models.export.representative import (
    OF_BACKGROUND,
    OF_EACH_CLASS,
    representative_rows,
    representative_views,
    undisturbed_views,
)
from models.export.weights import QuantisingCrops
from models.network import build_network
from models.weights_record import KERAS, LITERT, LITERT_INT8, WeightsRecord, digest_of, read_record, read_weights

RECORD = WeightsRecord("none", 2, 32, 0.12, 1.0, 0, 0, "none")
FILE = Path("some.tflite")


@pytest.fixture
def crops() -> QuantisingCrops:
    some = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), np.uint8)
    return QuantisingCrops(some[:8], some[8:], np.array([0]))


def test_a_training_leaves_float_and_int8_and_a_record_that_vouches_for_both(
    tmp_path: Path, crops: QuantisingCrops
) -> None:
    model = build_network(2)
    export_weights(model, tmp_path, RECORD, crops)
    record = read_record(tmp_path)
    assert record.files.keys() == {KERAS, LITERT, LITERT_INT8}
    assert all(digest_of((tmp_path / name).read_bytes()) == digest for name, digest in record.files.items())
    int8 = (tmp_path / LITERT_INT8).read_bytes()
    assert len(int8) < (tmp_path / LITERT).stat().st_size / 3, "a weight is one byte instead of four"
    logits, outputs = litert_logits(int8, 1)
    assert outputs == 3
    np.testing.assert_allclose(logits(crops.representative), model(crops.representative * 1.0).numpy(), atol=0.1)


def test_where_int8_fails_the_float_weights_are_whole(
    tmp_path: Path, crops: QuantisingCrops, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / LITERT_INT8).write_bytes(b"of another training")

    def fail(model: Any, crops: np.ndarray) -> bytes:
        raise ModelError("no")

    monkeypatch.setattr(weights, "to_litert_int8", fail)
    with pytest.raises(ModelError):
        export_weights(build_network(2), tmp_path, RECORD, crops)
    record = read_record(tmp_path)
    assert record.files.keys() == {KERAS, LITERT}
    assert read_weights(tmp_path / LITERT, record)


def test_representative_rows_hold_every_class_and_background() -> None:
    labels = np.repeat([0, 1, 2], [50, 5, 900])
    rows = representative_rows(labels, 2, seed=4)
    assert np.bincount(labels[rows]).tolist() == [OF_EACH_CLASS, 5, OF_BACKGROUND]
    assert len(set(rows.tolist())) == len(rows)
    assert (rows == representative_rows(labels, 2, seed=4)).all()
    assert (rows != representative_rows(labels, 2, seed=5)).any()


def test_half_of_the_representative_views_are_disturbed() -> None:
    context = np.random.default_rng(0).integers(0, 256, (7, CONTEXT_SIZE_PX, CONTEXT_SIZE_PX, 3), np.uint8)
    views, still = representative_views(context, 1), undisturbed_views(context)
    assert (views[:4] == still[::2]).all()
    assert (views[4:] != still[1::2]).any(axis=(1, 2, 3)).all()
    assert (views == representative_views(context, 1)).all()
    assert representative_views(context[:0], 1).shape == (0, 32, 32, 3)


def test_what_differs_from_the_trained_network_is_refused() -> None:
    wanted = np.eye(3, dtype=np.float32)
    check_same(wanted + np.float32(5e-4), wanted, FILE)
    check_same(logarithms(wanted), logarithms(wanted + np.float32(1e-8)), FILE)
    with pytest.raises(ModelError, match=r"some\.tflite"):
        check_same(logarithms(wanted), logarithms(wanted + np.float32(1e-4)), FILE)
    check_int8(wanted * np.float32(0.99), wanted, FILE)
    for found in (wanted + np.float32(5e-3), wanted[:, :2], np.full_like(wanted, np.nan)):
        with pytest.raises(ModelError, match=r"some\.tflite"):
            check_same(found, wanted, FILE)
    for found in (wanted * np.float32(0.9), wanted[:, :2], np.full_like(wanted, np.nan)):
        with pytest.raises(ModelError, match=r"some\.tflite"):
            check_int8(found, wanted, FILE)


def test_int8_may_lose_a_thousandth_of_the_pictures() -> None:
    labels = np.zeros(4000, np.int64)
    right = np.tile(np.array([1, 0], np.float32), (4000, 1))
    found = right.copy()
    found[:4] = [0, 1]
    assert check_accuracy(found, right, labels, FILE) == pytest.approx(0.999)
    found[4] = [0, 1]
    with pytest.raises(ModelError, match="5 of 4000 held-out pictures fewer"):
        check_accuracy(found, right, labels, FILE)
