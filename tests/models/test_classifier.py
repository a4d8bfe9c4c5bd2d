import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.backends import Backend
from models.catalogue import BUILT_IN as CATALOGUE
from models.catalogue import load_catalogue
from models.classifier import load_classifier
from models.errors import ModelError
from models.stand_ins import stand_in_crops
from models.weights_record import BUILT_IN, LITERT, LITERT_INT8, RECORD, catalogue_of, read_record

PROJECT = Path(__file__).resolve().parents[2]
VEHICLE_BACKENDS: tuple[Backend, ...] = ("litert", "litert-int8")


def crops(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 32, 32, 3), np.uint8)


def real_looking(count: int) -> np.ndarray:
    return stand_in_crops(load_catalogue(), count, seed=2)


@pytest.mark.parametrize("backend", VEHICLE_BACKENDS)
def test_any_number_of_crops_gives_the_same_rows(backend: Backend) -> None:
    classifier = load_classifier(load_catalogue(), backend=backend)
    many = classifier.probabilities(crops(70))
    assert many.shape == (70, 44)
    np.testing.assert_allclose(many.sum(axis=1), 1.0, atol=1e-5)
    for count in (0, 1, 5, 33):
        np.testing.assert_allclose(classifier.probabilities(crops(70)[:count]), many[:count], atol=1e-4)


def test_crops_that_lie_scattered_in_memory_are_read_the_same() -> None:
    whole = crops(16)
    for backend in VEHICLE_BACKENDS:
        classifier = load_classifier(load_catalogue(), backend=backend)
        wanted = classifier.probabilities(whole[::2].copy())
        np.testing.assert_allclose(classifier.probabilities(whole[::2]), wanted, atol=1e-6)


def test_float_backends_say_the_same_in_every_size_of_batch() -> None:
    pytest.importorskip("tensorflow", reason="the keras backend needs TensorFlow")
    catalogue = load_catalogue()
    litert, keras = load_classifier(catalogue, backend="litert"), load_classifier(catalogue, backend="keras")
    for seen in (crops(20), real_looking(70)):
        np.testing.assert_allclose(litert.probabilities(seen), keras.probabilities(seen), atol=1e-4)


def test_int8_reads_signs_as_float_does() -> None:
    catalogue, seen = load_catalogue(), real_looking(200)
    floats = load_classifier(catalogue, backend="litert").probabilities(seen)
    int8 = load_classifier(catalogue, backend="litert-int8").probabilities(seen)
    sure = floats.max(axis=1) > 0.9
    assert sure.sum() > 50
    assert (int8.argmax(axis=1) == floats.argmax(axis=1))[sure].all()
    assert np.abs(int8 - floats).max(axis=1).mean() < 0.02


@pytest.mark.parametrize("backend", ["auto", *VEHICLE_BACKENDS])
def test_the_vehicle_reads_crops_without_tensorflow(backend: Backend) -> None:
    code = (
        "import sys, numpy as np; from edge.frame_reader import open_reader\n"
        f"reader = open_reader(backend={backend!r})\n"
        "reader.read(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8), 0.5); reader.close()\n"
        "from models.catalogue import load_catalogue; from models.classifier import load_classifier\n"
        f"load_classifier(load_catalogue(), backend={backend!r}).probabilities(np.zeros((3, 32, 32, 3), np.uint8))\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('tensorflow', 'keras', 'onnxruntime')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_auto_is_int8_where_the_record_vouches_for_it_and_float_elsewhere(copy: Path) -> None:
    assert load_classifier(load_catalogue(), copy).backend == "litert-int8"
    record = json.loads((copy / RECORD).read_text())
    (copy / RECORD).write_text(json.dumps(record | {"files": {}}))
    assert load_classifier(load_catalogue(), copy).backend == "litert"


def test_int8_of_another_training_is_not_taken_for_this_ones(copy: Path) -> None:
    (copy / LITERT_INT8).write_bytes((copy / LITERT).read_bytes())
    with pytest.raises(ModelError, match=r"classifier-int8\.tflite: can't be loaded .*of another training"):
        load_classifier(load_catalogue(), copy)


def test_noise_and_flat_crops_are_no_signs() -> None:
    flat = np.stack([np.full((32, 32, 3), value, np.uint8) for value in (0, 60, 128, 250)])
    background = load_classifier(load_catalogue()).probabilities(np.concatenate([flat, crops(20)]))[:, -1]
    assert (background > 0.5).mean() > 0.9


@pytest.mark.parametrize("wrong", [np.zeros((2, 24, 24, 3), np.uint8), np.zeros((2, 32, 32, 3), np.float32)])
def test_what_is_no_batch_of_crops_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="crops must be"):
        load_classifier(load_catalogue()).probabilities(wrong)


def test_the_shipped_weights_fit_the_promises() -> None:
    record = read_record(BUILT_IN)
    assert record.parameters <= 700_000
    assert record.multiply_adds <= 50_000_000
    assert (record.sign_classes, record.crop_size_px) == (43, 32)
    assert "signwatch train" in record.command
    assert record.data["training_pictures"] > 30_000


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUILT_IN, tmp_path / "weights"))


def test_weights_for_another_catalogue_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "signs.csv"
    other.write_text(CATALOGUE.read_text().replace("Stop", "Halt"))
    with pytest.raises(ModelError, match=r"another catalogue .* train weights for it"):
        load_classifier(load_catalogue(other))


def test_weights_that_do_not_fit_their_record_are_refused(copy: Path, tmp_path: Path) -> None:
    fewer = tmp_path / "signs.csv"
    fewer.write_text("".join(CATALOGUE.read_text().splitlines(keepends=True)[:11]))
    catalogue = load_catalogue(fewer)
    record = json.loads((copy / RECORD).read_text())
    (copy / RECORD).write_text(json.dumps(record | {"catalogue_digest": catalogue.digest, "sign_classes": 10}))
    with pytest.raises(ModelError, match="gives 44 outputs, the record beside it says 10 signs"):
        load_classifier(catalogue, copy)


@pytest.mark.parametrize("content", [None, b"", b"not weights", b"\0" * 1000])
@pytest.mark.parametrize("backend", VEHICLE_BACKENDS)
def test_damaged_weights_are_named(copy: Path, content: bytes | None, backend: Backend) -> None:
    file = copy / {"litert": LITERT, "litert-int8": LITERT_INT8}[backend]
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=rf"{re.escape(file.name)}: can't be loaded"):
        load_classifier(load_catalogue(), copy, backend)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 2}, r"newer Signwatch \(record 2, this one reads up to 1\); update"),
        ({"quantisation": "int4", "heads": 3}, "also records heads, quantisation; update"),
        ({"temperature": "hot"}, "no record of weights .*temperature"),
        ({"temperature": 0.0}, "no record of weights .*temperature 0"),
        ({"crop_size_px": 10**9}, "no record of weights .*1000000000 pixels"),
    ],
)
def test_a_record_of_another_version_or_with_nonsense_is_refused(
    copy: Path, changed: dict[str, object], said: str
) -> None:
    record = json.loads((copy / RECORD).read_text())
    (copy / RECORD).write_text(json.dumps(record | changed))
    with pytest.raises(ModelError, match=said):
        read_record(copy)


def test_a_record_from_before_versions_were_counted_is_read(copy: Path) -> None:
    record = json.loads((copy / RECORD).read_text())
    record.pop("version", None)
    (copy / RECORD).write_text(json.dumps(record))
    assert read_record(copy).version == 1


def test_the_catalogue_beside_weights_is_theirs_and_without_one_it_is_the_packages(copy: Path) -> None:
    assert catalogue_of(copy).digest == load_catalogue().digest
    (copy / "catalogue.csv").write_text(CATALOGUE.read_text().replace("Stop", "Halt"))
    assert catalogue_of(copy)[14].name == "Halt"


@pytest.mark.parametrize("content", [None, "", "[]", '{"unknown": 1}'])
def test_a_folder_without_a_record_is_refused(copy: Path, content: str | None) -> None:
    (copy / RECORD).unlink()
    if content is not None:
        (copy / RECORD).write_text(content)
    with pytest.raises(ModelError, match=r"classifier\.json: no record of weights"):
        load_classifier(load_catalogue(), copy)
