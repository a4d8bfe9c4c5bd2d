from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.crops import cut_crop
from models.archive import Archive
from models.catalogue import Catalogue, load_catalogue
from models.class_folders import list_class_folders, list_signs
from models.errors import DataError
from models.gtsrb import read_crops, read_picture
from tests.models import benchmark
from tests.models.benchmark import encode
from tests.models.own_signs import CATALOGUE, own_signs


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    path = tmp_path / "signs.csv"
    path.write_text(CATALOGUE, encoding="utf-8")
    return load_catalogue(path)


def put(root: Path, *files: str, side: int = 20) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        image = np.full((side, side, 3), 100, np.uint8)
        (root / file).write_bytes(encode(Path(file).suffix, image))
    return root


@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
def test_folders_may_be_named_by_class_id_code_or_name(tmp_path: Path, catalogue: Catalogue, as_zip: bool) -> None:
    _, folder = own_signs(tmp_path / "own" if as_zip else tmp_path, tracks=4, per_track=2)
    if as_zip:
        folder = benchmark.zipped(folder.parent, tmp_path / "own.zip")
    with Archive(folder) as archive:
        pictures = list_signs(archive, "train", catalogue)
        crops, labels = read_crops(archive, pictures, cut_crop, 0.1, 8)
    assert np.bincount(labels).tolist() == [8, 8, 8, 8]
    assert len({picture.track for picture in pictures}) == 16
    assert crops.std(axis=(1, 2, 3)).min() > 5, "the whole picture was read"


def test_pictures_of_one_sign_are_known_by_their_names_and_others_stand_alone(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    names = ["7_1.png", "7_2.png", "00000_8_1.png", "IMG_1.jpg", "IMG_2.jpg", "photo.png"]
    with Archive(put(tmp_path / "data", *(f"0/{name}" for name in names))) as archive:
        tracks = {Path(picture.file).name: picture.track for picture in list_class_folders(archive, catalogue)}
    assert tracks["7_1.png"] == tracks["7_2.png"] != tracks["00000_8_1.png"]
    assert len(set(tracks.values())) == 5, "phones number their photos, whatever is on them"


@pytest.mark.parametrize("separator", [";", ","])
def test_a_table_says_where_in_its_pictures_the_signs_are(tmp_path: Path, catalogue: Catalogue, separator: str) -> None:
    root = put(tmp_path / "data", "R1-1/a.png", "R1-1/b.png")
    rows = ["Filename,Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId", "a.png,20,20,3,4,12,11,1"]
    (root / "R1-1" / "where.csv").write_text("\n".join(rows).replace(",", separator))
    (root / "notes.csv").write_text("who,when\nme,today\n")
    with Archive(root) as archive:
        first, second = list_class_folders(archive, catalogue)
    assert first.roi_xywh_px == (3, 4, 10, 8)
    assert second.roi_xywh_px == (0, 0, 20, 20)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["stop/a.png"], "the folder 'stop' is no class"),
        (["4/a.png"], r"no class of the catalogue; name a folder by a sign's class id \(0 to 3\)"),
        (["a.png"], "pictures that lie in no folder"),
        ([], "neither GTSRB's tables nor folders of pictures"),
        ([".trash/a.png", "__MACOSX/0/a.png"], "neither GTSRB's tables nor folders of pictures"),
    ],
)
def test_what_fits_no_class_is_refused(tmp_path: Path, catalogue: Catalogue, files: list[str], said: str) -> None:
    (tmp_path / "data").mkdir()
    with Archive(put(tmp_path / "data", *files)) as archive, pytest.raises(DataError, match=said):
        list_class_folders(archive, catalogue)


def test_a_number_that_is_one_signs_id_and_anothers_code_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "signs.csv"
    path.write_text(CATALOGUE.replace("R1-1", "3"), encoding="utf-8")
    with Archive(put(tmp_path / "data", "3/a.png")) as archive, pytest.raises(DataError, match=r"class 1 .* and 3 "):
        list_class_folders(archive, load_catalogue(path))


def test_a_picture_that_is_not_there_or_broken_is_named_or_left_out(tmp_path: Path, catalogue: Catalogue) -> None:
    root = put(tmp_path / "data", "0/a.png", "1/d.png")
    (root / "0" / "where.csv").write_text("Filename,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2\nb.png,1,1,5,5\n")
    (root / "1" / "c.jpg").write_bytes(b"no picture")
    problems: list[str] = []
    with Archive(root) as archive:
        with pytest.raises(DataError, match=r"0/b\.png is missing"):
            list_class_folders(archive, catalogue)
        assert [picture.file for picture in list_class_folders(archive, catalogue, problems.append)] == [
            "0/a.png",
            "1/d.png",
        ]
    assert [said.rpartition(": ")[2] for said in problems] == [
        "the picture 0/b.png is missing, named in a table beside it",
        "no picture that can be read",
    ]


def test_a_photo_that_a_phone_took_upright_is_read_as_a_person_sees_it(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "data" / "0").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "data" / "0" / "photo.jpg", exif=exif)
    with Archive(tmp_path / "data") as archive:
        (picture,) = list_class_folders(archive, catalogue)
        assert picture.roi_xywh_px == (0, 0, 20, 40)
        assert read_picture(archive, picture).shape == (40, 20, 3)


def test_the_benchmark_is_still_read_by_its_tables(tmp_path: Path, catalogue: Catalogue) -> None:
    with Archive(benchmark.kaggle(tmp_path)) as archive:
        assert len(list_signs(archive, "test", catalogue)) == 3
