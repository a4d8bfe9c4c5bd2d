import csv
import io
from pathlib import Path

import pytest

from models.archive import Archive
from models.catalogue import BUILT_IN, load_catalogue, write_catalogue
from models.errors import DataError

HEADER = "class_id,code,name,category,shape,colours,value,unit\n"

# ShapeId and ColorId of the benchmark's Meta.csv.
SHAPE_IDS = {"triangle": "0", "circle": "1", "diamond": "2", "octagon": "3", "inverted triangle": "4"}
COLOUR_IDS = {"red": "0", "blue": "1", "yellow": "2", "white": "3"}


def test_the_catalogue_holds_the_43_classes_of_the_benchmark() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) == 43
    assert [sign.class_id for sign in catalogue] == list(range(43))
    assert len({sign.name for sign in catalogue}) == len({sign.code for sign in catalogue}) == 43


def test_shapes_and_leading_colours_are_those_of_the_benchmarks_own_table(data_folder: Path) -> None:
    with Archive(data_folder / "gtsrb.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("Meta.csv").decode())))
    catalogue = load_catalogue()
    assert len(rows) == len(catalogue)
    for row in rows:
        sign = catalogue[int(row["ClassId"])]
        assert SHAPE_IDS[sign.shape] == row["ShapeId"], sign.name
        assert COLOUR_IDS[sign.colours[0]] == row["ColorId"], sign.name


@pytest.mark.parametrize(
    ("class_id", "value"), [(0, 20), (1, 30), (2, 50), (3, 60), (4, 70), (5, 80), (7, 100), (8, 120)]
)
def test_a_speed_limit_carries_its_number_and_unit(class_id: int, value: int) -> None:
    sign = load_catalogue()[class_id]
    assert (sign.value, sign.unit, sign.code) == (value, "km/h", f"274-{value}")
    assert f"({value}km/h)" in sign.name


def test_a_number_that_is_not_whole_stays_so() -> None:
    assert load_catalogue()[16].value == 3.5


def test_a_sign_says_which_rules_it_is_about() -> None:
    rules = {sign.code: sign.rules for sign in load_catalogue() if sign.rules}
    assert rules.pop("282") == ("speed-limit", "no-passing", "no-passing-heavy")
    limits = {code for code, named in rules.items() if named == ("speed-limit",)}
    assert limits == {sign.code for sign in load_catalogue() if sign.unit == "km/h"}
    assert {code: named for code, named in rules.items() if code not in limits} == {
        "276": ("no-passing",),
        "277": ("no-passing-heavy",),
        "280": ("no-passing",),
        "281": ("no-passing-heavy",),
        "301": ("right-of-way",),
        "306": ("priority-road",),
        "205": ("yield",),
        "206": ("stop",),
    }


def test_a_catalogue_without_rules_still_has_its_limits(tmp_path: Path) -> None:
    path = tmp_path / "signs.csv"
    path.write_text(
        HEADER
        + "0,R2-1,Speed limit,prohibitory,rectangle,white,35,mph\n"
        + "1,W13-1,Advisory speed,information,rectangle,yellow,35,mph\n"
        + "2,R1-1,Stop,priority,octagon,red,,\n"
    )
    assert [sign.rules for sign in load_catalogue(path)] == [("speed-limit",), (), ()]


def test_a_catalogue_with_rules_but_no_mirror_is_one(tmp_path: Path) -> None:
    path = tmp_path / "signs.csv"
    path.write_text(HEADER[:-1] + ",rules\n0,R1-1,Stop,priority,octagon,red,,,stop\n")
    catalogue = load_catalogue(path)
    assert catalogue[0].rules == ("stop",)
    write_catalogue(path, catalogue)
    assert list(load_catalogue(path)) == list(catalogue)


def test_a_sign_for_the_left_is_the_one_for_the_right_in_a_mirror() -> None:
    catalogue = load_catalogue()
    for sign in catalogue:
        if "left" in sign.name and sign.mirror is not None:
            assert catalogue[sign.mirror].name == sign.name.replace("left", "right")
    assert catalogue[39].mirror == 38
    assert catalogue[14].mirror is None, "letters have no mirror image"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER[:-1] + ",mirror\n0,a,b,danger,circle,red,,,1\n1,c,d,danger,circle,red,,,1\n", "0 is 1 in a mirror"),
        (HEADER[:-1] + ",rules\n0,a,b,danger,circle,red,,,go\n", "rules has 'go'"),
        (HEADER[:-1] + ",rules\n0,a,b,prohibitory,circle,red,,,speed-limit\n", "a speed-limit has a value"),
        (HEADER[:-1] + ",rules,mirror\n0,a,b,danger,circle,red,,,,\n", "first line"),
        ("class,name\n0,x\n", "first line"),
        (HEADER, "no sign"),
        (HEADER + "1,a,b,danger,circle,red,,\n", "count up from 0"),
        (HEADER + "0,a,b,danger,blob,red,,\n", "shape is 'blob'"),
        (HEADER + "0,a,b,nonsense,circle,red,,\n", "category is 'nonsense'"),
        (HEADER + "0,a,b,danger,circle,red,fast,km/h\n", "fast"),
        (HEADER + "x,a,b,danger,circle,red,,\n", "'x'"),
        (HEADER + "0,a\n", "not the columns"),
        (HEADER + "0,a,b,danger,circle,red,,,surplus\n", "not the columns"),
        (HEADER + "0,a, ,danger,circle,red,,\n", "without a name"),
        (HEADER + "0,a,b,prohibitory,circle,red,nan,km/h\n", "value is nan"),
        (HEADER[:-1] + ",widths_mm\n0,a,b,danger,circle,red,,,0.42 0.6\n", "widths_mm is 0.42 0.6"),
        (HEADER[:-1] + ",widths_mm\n0,a,b,danger,circle,red,,,600 420\n", "smallest first"),
        (HEADER[:-1] + ",widths_mm\n0,a,b,danger,circle,red,,,nan\n", "widths_mm is nan"),
        (HEADER[:-1] + ",widths_mm\n0,a,b,danger,circle,red,,,wide\n", "wide"),
    ],
)
def test_a_catalogue_that_can_not_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "signs.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        load_catalogue(path)


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        load_catalogue(tmp_path / "nowhere.csv")


def test_the_digest_changes_with_any_class(tmp_path: Path) -> None:
    changed = tmp_path / "signs.csv"
    changed.write_text(BUILT_IN.read_text().replace("Stop", "Halt"))
    assert load_catalogue(changed).digest != load_catalogue().digest


def test_a_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DataError, match="class id 43"):
        load_catalogue()[43]


def test_a_catalogue_that_is_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    copy = tmp_path / "signs.csv"
    write_catalogue(copy, load_catalogue())
    assert list(load_catalogue(copy)) == list(load_catalogue())


def test_another_countrys_words_and_letters_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "signs.csv"
    path.write_text(
        HEADER + '0,W1-1,"Gefährliche Kurve, links",danger,diamond,yellow black,,\n1,,停,other,cross,red,,\n'
    )
    signs = list(load_catalogue(path))
    assert [(sign.name, sign.shape) for sign in signs] == [("Gefährliche Kurve, links", "diamond"), ("停", "cross")]


def test_speed_limits_are_those_that_forbid_in_a_unit_of_speed(tmp_path: Path) -> None:
    assert [sign.value for sign in load_catalogue().speed_limits] == [20, 30, 50, 60, 70, 80, 100, 120]
    path = tmp_path / "signs.csv"
    path.write_text(HEADER + "0,a,b,prohibitory,rectangle,white,55,mph\n1,c,d,prohibitory,circle,red,5,t\n")
    assert [sign.value for sign in load_catalogue(path).speed_limits] == [55]
