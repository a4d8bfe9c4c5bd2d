import json
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("tensorflow", reason="training needs TensorFlow")

from edge.cli import main
from edge.messages import Sign, decode
from models.catalogue import load_catalogue
from models.weights_record import read_record
from tests.models import benchmark
from tests.models.own_signs import CATALOGUE, NAMES, own_signs, road

EPOCHS = 4
pytestmark = pytest.mark.timeout(900)  # one of them trains for real, beside whatever else a machine does


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the signs, and weights for them in `weights`; one of the pictures is broken."""
    root = tmp_path_factory.mktemp("own")
    catalogue, pictures = own_signs(root, tracks=6)
    (pictures / "1" / "00003_00001.ppm").write_bytes(b"no picture")
    arguments = ("train", "--data", pictures, "--catalogue", catalogue, "--out", root / "weights", "--epochs", EPOCHS)
    refused = run(*arguments)
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert "1 of 120 pictures can't be used, such as " in refused.stderr
    assert "00003_00001.ppm: no picture" in refused.stderr and "--skip-broken" in refused.stderr
    result = run(*arguments, "--skip-broken")
    assert result.exit_code == 0, result.output
    return root


def test_the_catalogue_travels_with_the_weights(own: Path) -> None:
    copy = load_catalogue(own / "weights" / "catalogue.csv")
    assert list(copy) == list(load_catalogue(own / "signs.csv"))
    record = read_record(own / "weights")
    assert (record.catalogue_digest, record.sign_classes) == (copy.digest, 4)
    assert record.data["skipped_pictures"] == 1
    assert record.data["training_pictures"] + record.data["held_out_pictures"] == 119


def test_messages_carry_the_names_of_the_signs_that_the_weights_know(own: Path) -> None:
    sharpen(own / "weights")
    (own / "road").mkdir()
    signs = [(class_id, 60 + 150 * class_id, 200, 64) for class_id in range(4)]
    for number in range(2):
        cv2.imwrite(str(own / "road" / f"{number}.png"), road(*signs, seed=number))
    jsonl, table, video = own / "signs.jsonl", own / "signs.csv.out", own / "signs.mp4"
    outputs = ("--jsonl", jsonl, "--csv", table, "--video", video)
    result = run("process", own / "road", "--weights", own / "weights", *outputs)
    assert result.exit_code == 0, result.output
    seen = [sign for line in jsonl.read_bytes().splitlines() for sign in decode(line).signs]
    assert seen, "whatever is proposed is one of the signs: these weights have seen no street"
    for sign in seen:
        assert_is_of_the_catalogue(sign, own)
    assert set(NAMES) & {row.split(",")[8] for row in table.read_text().splitlines()[1:]}
    assert video.stat().st_size > 0


def sharpen(weights: Path) -> None:
    """So short a training is sure of nothing; with its confidence pushed up, something passes the threshold."""
    record = json.loads((weights / "classifier.json").read_text())
    (weights / "classifier.json").write_text(json.dumps(record | {"temperature": 0.05}))


def assert_is_of_the_catalogue(sign: Sign, own: Path) -> None:
    kind = load_catalogue(own / "signs.csv")[sign.class_id]
    assert (sign.name, sign.code, sign.category, sign.value, sign.unit) == (
        kind.name, kind.code, kind.category, kind.value, kind.unit,
    )  # fmt: skip


def test_they_are_measured_by_their_own_pictures_and_no_others(own: Path, tmp_path: Path) -> None:
    evaluate = ("evaluate", "classifier", "--weights", own / "weights", "--data")
    broken = own / "pictures" / "1" / "00003_00001.ppm"
    broken.unlink()
    result = run(*evaluate, own / "pictures", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["images"] == 119
    german = benchmark.kaggle(tmp_path) / "Test.csv"
    german.write_text(german.read_text().replace(",1,Test/", ",14,Test/"))
    result = run(*evaluate, tmp_path)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "class id 14, and there are 0 to 3" in result.stderr
    demo = run("demo", "--out", tmp_path / "demo", "--weights", own / "weights")
    assert demo.exit_code == 1
    assert "these know others" in demo.stderr and demo.stderr.count("\n") == 1


def test_an_empty_class_is_named_before_anything_is_trained(tmp_path: Path) -> None:
    catalogue, pictures = own_signs(tmp_path, tracks=2, per_track=1)
    catalogue.write_text(CATALOGUE + "4,X,Ceda el paso,priority,inverted triangle,red white,,\n", encoding="utf-8")
    result = run("train", "--data", pictures, "--catalogue", catalogue, "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "no training picture of 1 of 5 classes, such as 4 (Ceda el paso)" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--skip-broken", "--catalogue=x.csv", "--data=x.zip"])
def test_the_ranker_takes_no_option_that_would_do_nothing(tmp_path: Path, option: str) -> None:
    result = run("train", "--part", "ranker", "--frames", tmp_path, "--out", tmp_path / "out", option)
    assert result.exit_code == 2
    assert "asks where signs are, not which" in result.stderr
