from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detector.crops import cut_crop
from models.archive import Archive
from models.errors import DataError
from models.gtsrb import list_pictures, read_crops, split_by_track
from tests.models import benchmark

Make = Callable[[Path], Path]


@pytest.fixture(params=[benchmark.kaggle, benchmark.official], ids=["kaggle", "official"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make: Make = request.param
    root = tmp_path / "data"
    root.mkdir()
    return make(root)


@pytest.fixture(params=["folder", "zip", "folder of zips"])
def archive_path(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Path:
    if request.param == "folder":
        return folder
    (tmp_path / "zips").mkdir()
    path = benchmark.zipped(folder, tmp_path / "zips" / "data.zip")
    return path if request.param == "zip" else path.parent


def test_every_layout_gives_the_same_pictures(archive_path: Path) -> None:
    with Archive(archive_path) as archive:
        training = list_pictures(archive, "train")
        test = list_pictures(archive, "test")
        crops, labels = read_crops(archive, training, cut_crop, 0.0, 8)
    assert len(training) == 24
    assert {picture.roi_xywh_px for picture in training + test} == {(4, 5, 16, 14)}
    assert len({picture.track for picture in training}) == 6
    assert [picture.class_id for picture in test] == [0, 1, 0]
    assert (crops == (100 + labels)[:, None, None, None]).all(), "the crop is the region of interest, nothing around it"


def test_the_official_parts_may_lie_in_zips_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "zips").mkdir()
    root = benchmark.official(tmp_path / "data")
    table = (root / "GT-final_test.csv").rename(tmp_path / "GT-final_test.csv")
    benchmark.zipped(root, tmp_path / "zips" / "GTSRB_Final_Test_Images.zip")
    (tmp_path / "only").mkdir()
    table.rename(tmp_path / "only" / "GT-final_test.csv")
    benchmark.zipped(tmp_path / "only", tmp_path / "zips" / "GTSRB_Final_Test_GT.zip")
    with Archive(tmp_path / "zips") as archive:
        crops, labels = read_crops(archive, list_pictures(archive, "test"), cut_crop, 0.0, 8)
    assert labels.tolist() == [0, 1, 0]
    assert crops[2].max() == 202


def test_no_track_is_on_both_sides_of_the_split(folder: Path) -> None:
    with Archive(folder) as archive:
        pictures = list_pictures(archive, "train")
    training, validation = split_by_track(pictures, 0.3, seed=5)
    assert sorted(training + validation) == list(range(len(pictures)))
    assert not {pictures[row].track for row in training} & {pictures[row].track for row in validation}
    assert {pictures[row].class_id for row in validation} == {0, 1}
    assert split_by_track(pictures, 0.3, seed=5) == (training, validation)


def test_the_real_benchmark_is_whole(data_folder: Path) -> None:
    with Archive(data_folder / "gtsrb.zip") as archive:
        training, test = list_pictures(archive, "train"), list_pictures(archive, "test")
        crops, labels = read_crops(archive, test[:20], cut_crop, 0.12, 32)
    assert (len(training), len(test)) == (39209, 12630)
    assert {picture.class_id for picture in training} == set(range(43))
    assert crops.shape == (20, 32, 32, 3)
    assert crops.std(axis=(1, 2, 3)).min() > 5, "no crop is empty"
    assert len(np.unique(labels)) > 5


def test_a_class_id_outside_the_catalogue_is_refused(tmp_path: Path) -> None:
    root = benchmark.kaggle(tmp_path)
    table = root / "Train.csv"
    table.write_text(table.read_text().replace(",1,Train/1", ",77,Train/1", 1))
    with Archive(root) as archive, pytest.raises(DataError, match=r"Train\.csv, line \d+: class id 77"):
        list_pictures(archive, "train")


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    root = benchmark.kaggle(tmp_path)
    (root / "Train/1/00001_00002_00003.png").unlink()
    with Archive(root) as archive, pytest.raises(DataError, match=r"Train/1/00001_00002_00003\.png is missing"):
        list_pictures(archive, "train")


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    root = benchmark.kaggle(tmp_path)
    (root / "Train/0/00000_00000_00000.png").write_bytes(b"no picture")
    with Archive(root) as archive:
        pictures = list_pictures(archive, "train")
        with pytest.raises(DataError, match=r"00000_00000_00000\.png: no picture"):
            read_crops(archive, pictures, cut_crop, 0.1, 32)


def test_every_broken_picture_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    root = benchmark.kaggle(tmp_path)
    (root / "Train/0/00000_00000_00000.png").write_bytes(b"no picture")
    (root / "Train/1/00001_00002_00003.png").unlink()
    table = root / "Train.csv"
    second = ",0,Train/0/00000_00000_00001"
    table.write_text(table.read_text().replace("4,5,19,18" + second, "90,90,99,99" + second))
    missing: list[str] = []
    broken: dict[int, str] = {}
    with Archive(root) as archive:
        pictures = list_pictures(archive, "train", on_problem=missing.append)
        crops, labels = read_crops(archive, pictures, cut_crop, 0.0, 8, lambda row, e: broken.update({row: str(e)}))
    assert len(missing) == 1 and "00001_00002_00003.png is missing" in missing[0]
    assert list(broken) == [0, 1]
    assert "no picture" in broken[0] and "lies outside the picture of 24x24" in broken[1]
    assert (crops[2:] == (100 + labels[2:])[:, None, None, None]).all()


def test_a_class_with_one_physical_sign_only_is_refused(tmp_path: Path) -> None:
    with Archive(benchmark.kaggle(tmp_path, tracks=1)) as archive:
        pictures = list_pictures(archive, "train")
    with pytest.raises(DataError, match="class 0 has pictures of one physical sign only"):
        split_by_track(pictures, 0.1, seed=1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",0,Train/0", ",0.5,Train/0", r"line 2: .*0\.5"),
        (",0,Train/0", ",,Train/0", "line 2"),
        ("Roi.X2", "X2", "Roi.X2"),
    ],
)
def test_a_damaged_table_says_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    table = benchmark.kaggle(tmp_path) / "Train.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    with Archive(tmp_path) as archive, pytest.raises(DataError, match=said):
        list_pictures(archive, "train")


def test_a_table_of_rubbish_is_one_line(tmp_path: Path) -> None:
    table = benchmark.kaggle(tmp_path) / "Train.csv"
    table.write_text(table.read_text() + '"' + "x" * 200_000)
    with Archive(tmp_path) as archive, pytest.raises(DataError, match="field larger than"):
        list_pictures(archive, "train")


def test_what_is_no_benchmark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with Archive(tmp_path / "empty") as archive, pytest.raises(DataError, match="no train part of GTSRB"):
        list_pictures(archive, "train")
    with pytest.raises(DataError, match="no such file"):
        Archive(tmp_path / "nowhere.zip")
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(DataError, match="can't be read as a zip"):
        Archive(tmp_path / "text.zip")


def test_a_box_outside_its_picture_is_an_error_of_the_data(tmp_path: Path) -> None:
    root = benchmark.kaggle(tmp_path)
    table = root / "Train.csv"
    table.write_text(table.read_text().replace("24,24,4,5,19,18", "24,24,90,95,99,99"))
    with Archive(root) as archive, pytest.raises(DataError, match=r"box .* lies outside the picture of 24x24"):
        read_crops(archive, list_pictures(archive, "train", 2), cut_crop, 0.1, 32)


def test_problems_can_be_gathered_instead_of_raised(tmp_path: Path) -> None:
    root = benchmark.kaggle(tmp_path)
    (root / "Train/1/00001_00002_00003.png").unlink()
    problems: list[str] = []
    with Archive(root) as archive:
        assert len(list_pictures(archive, "train", 2, problems.append)) == 23
    assert len(problems) == 1 and "00001_00002_00003.png is missing" in problems[0]
