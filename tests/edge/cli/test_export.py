import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("tensorflow", reason="export needs TensorFlow")

import keras
import tensorflow as tf

from detector.crops import cut_crop
from edge.cli import main
from models.catalogue import load_catalogue
from models.classifier import load_classifier
from models.export.litert import to_litert
from models.network import build_network
from models.stand_ins import stand_in_crops
from models.weights_record import BUILT_IN, CATALOGUE, LITERT, LITERT_INT8, RECORD
from tests.models import benchmark


def export(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights in every format but ONNX, which needs more packages."""
    out = tmp_path_factory.mktemp("exported")
    for wanted in ("saved-model", "litert", "litert-int8"):
        result = export("--format", wanted, "--out", out)
        assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return stand_in_crops(load_catalogue(), 20, seed=7)


@pytest.fixture(scope="module")
def wanted(crops: np.ndarray) -> np.ndarray:
    return load_classifier(load_catalogue(), backend="litert").probabilities(crops)


def test_a_saved_model_takes_crops_and_gives_probabilities(
    exported: Path, crops: np.ndarray, wanted: np.ndarray
) -> None:
    signature = tf.saved_model.load(str(exported / "saved_model")).signatures["serving_default"]
    found = signature(crops_bgr=tf.constant(crops))["probabilities"].numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-3)


@pytest.mark.parametrize(("suffix", "side"), [(".png", 32), (".png", 70), (".png", 21), (".jpg", 48)])
def test_a_saved_model_takes_encoded_pictures_and_cuts_them_as_the_detector_does(
    exported: Path, crops: np.ndarray, suffix: str, side: int
) -> None:
    signature = tf.saved_model.load(str(exported / "saved_model")).signatures["encoded"]
    pictures = [cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC) for crop in crops]
    encoded = [benchmark.encode(suffix, np.asarray(picture, np.uint8)) for picture in pictures]
    read = [np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8) for data in encoded]
    cut = np.stack([cut_crop(picture, (0, 0, side, side), 0.0, 32) for picture in read])
    found = signature(encoded=tf.constant(encoded))["probabilities"].numpy()
    # Enlarging, TensorFlow rounds a grey level here and there otherwise, which an undecided answer shows.
    np.testing.assert_allclose(found, load_classifier(load_catalogue(), backend="litert").probabilities(cut), atol=0.05)


def test_the_signs_that_weights_know_go_with_them(exported: Path) -> None:
    assert list(load_catalogue(exported / CATALOGUE)) == list(load_catalogue())


def test_exported_litert_is_a_folder_of_weights(exported: Path, crops: np.ndarray, wanted: np.ndarray) -> None:
    for backend, allowed in (("litert", 1e-5), ("litert-int8", 0.2)):
        classifier = load_classifier(load_catalogue(), exported, backend)  # type: ignore[arg-type]
        np.testing.assert_allclose(classifier.probabilities(crops), wanted, atol=allowed)
    assert load_classifier(load_catalogue(), exported).backend == "litert-int8"
    assert not [file.name for file in exported.iterdir() if file.name.startswith(("partial", "older"))]


def test_onnx_says_the_same(tmp_path: Path, crops: np.ndarray, wanted: np.ndarray) -> None:
    for package in ("onnx", "tf2onnx"):
        pytest.importorskip(package, reason="ONNX needs the extra export")
    onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX needs the extra export")
    result = export("--format", "onnx", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    session = onnxruntime.InferenceSession(str(tmp_path / "classifier.onnx"))
    (found,) = session.run(["probabilities"], {"crops_bgr": crops})
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_int8_is_made_anew_from_pictures(tmp_path: Path, crops: np.ndarray) -> None:
    weights = shutil.copytree(BUILT_IN, tmp_path / "weights")
    (weights / LITERT_INT8).unlink()
    record = json.loads((weights / RECORD).read_text())
    (weights / RECORD).write_text(json.dumps(record | {"files": {}}))
    data = benchmark.kaggle(tmp_path / "data")
    result = export("--weights", weights, "--format", "litert-int8", "--data", data, "--out", weights)
    assert result.exit_code == 0, result.output
    assert load_classifier(load_catalogue(), weights).backend == "litert-int8"
    assert "held_out_accuracy_int8" in json.loads((weights / RECORD).read_text())["figures"]


def test_int8_without_pictures_is_refused_where_the_weights_have_none(tmp_path: Path) -> None:
    weights = shutil.copytree(BUILT_IN, tmp_path / "weights")
    record = json.loads((weights / RECORD).read_text())
    (weights / RECORD).write_text(json.dumps(record | {"files": {}}))
    result = export("--weights", weights, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "give --data to make it" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_export_that_says_something_else_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras.utils.set_random_seed(0)
    another = to_litert(build_network(43))
    monkeypatch.setattr("models.export.weights.to_litert", lambda model: another)
    result = export("--format", "litert", "--out", tmp_path)
    assert result.exit_code == 1
    assert "differs from the trained network" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.glob(f"*{LITERT}"))


def test_exports_of_other_weights_are_not_mixed_in(tmp_path: Path) -> None:
    record = json.loads((BUILT_IN / RECORD).read_text())
    (tmp_path / RECORD).write_text(json.dumps(record | {"temperature": 3.0}))
    result = export("--format", "litert", "--out", tmp_path)
    assert result.exit_code == 1
    assert "holds other weights" in result.stderr


def test_a_folder_that_is_no_saved_model_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "mine.txt").write_text("mine")
    result = export("--format", "saved-model", "--out", tmp_path)
    assert result.exit_code == 1
    assert (tmp_path / "saved_model" / "mine.txt").read_text() == "mine"


def old_classifier(*layers: Any) -> Any:
    if not layers:
        layers = (
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(128, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(43, activation="softmax"),
        )
    model = keras.Sequential([keras.Input((32, 32, 3)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_a_classifier_of_keras_2_goes_to_the_formats_of_today(tmp_path: Path) -> None:
    model = old_classifier()
    model.save(tmp_path / "old.h5")
    formats = ["saved-model", "litert"]
    if all(find_spec(package) for package in ("onnx", "onnxruntime", "tf2onnx")):
        formats.append("onnx")
    for wanted in formats:
        result = export("--from-h5", tmp_path / "old.h5", "--format", wanted, "--out", tmp_path / "out")
        assert result.exit_code == 0, result.output
    pictures = np.random.default_rng(0).uniform(0, 1, (4, 32, 32, 3)).astype(np.float32)
    loaded = tf.saved_model.load(str(tmp_path / "out" / "saved_model")).signatures["serving_default"]
    (found,) = loaded(tf.constant(pictures)).values()
    np.testing.assert_allclose(found.numpy(), model(pictures).numpy(), atol=1e-4)
    assert (tmp_path / "out" / "old.tflite").exists()
    assert (tmp_path / "out" / "old.onnx").exists() == ("onnx" in formats)


def _rewritten(file: Path, change: Any) -> None:
    import h5py

    with h5py.File(file, "r+") as content:
        config = json.loads(content.attrs["model_config"])
        change(config["config"]["layers"][1])
        content.attrs["model_config"] = json.dumps(config)


def _lambda(layer: dict[str, Any]) -> None:
    layer["class_name"] = "Lambda"


def _foreign_module(layer: dict[str, Any]) -> None:
    layer["module"] = "subprocess"


@pytest.mark.parametrize(("change", "said"), [(_lambda, "'Lambda' may hold code"), (_foreign_module, "'subprocess'")])
def test_an_old_file_with_code_in_it_is_refused_in_one_line(tmp_path: Path, change: Any, said: str) -> None:
    file = tmp_path / "old.h5"
    old_classifier(keras.layers.Flatten(), keras.layers.Dense(3)).save(file)
    _rewritten(file, change)
    result = export("--from-h5", file, "--format", "litert", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_what_is_no_old_classifier_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no network")
    old_classifier(keras.layers.Flatten(), keras.layers.Dense(3)).save_weights(tmp_path / "only.weights.h5")
    for name, said in (("text.h5", "can't be read"), ("only.weights.h5", "no whole model"), ("none.h5", "none.h5")):
        result = export("--from-h5", tmp_path / name, "--format", "litert", "--out", tmp_path / "out")
        assert result.exit_code == 1
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1
