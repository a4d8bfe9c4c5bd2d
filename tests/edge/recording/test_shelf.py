from pathlib import Path

import pytest

from edge.errors import SinkError
from edge.recording.layout import NS
from edge.recording.shelf import Shelf

NOW_NS = 1_764_000_000 * NS


def fill(shelf: Shelf, size: int, unix_ns: int = NOW_NS) -> Path:
    path = shelf.next_path(unix_ns)
    path.write_bytes(bytes(size))
    shelf.keep(path)
    return path


def test_names_stay_in_order_though_the_clock_is_set_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 1000)
    first, second = fill(shelf, 1), fill(shelf, 1, NOW_NS - 3600 * NS)
    shelf.close()
    later = Shelf(tmp_path, 1000)
    third = later.next_path(0)
    later.close()
    assert first.name == "signwatch-000001-20251124T160000Z.mcap"
    assert sorted([third, second, first]) == [first, second, third]


def test_the_oldest_are_removed_at_the_quota_also_those_of_earlier_runs(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 1000)
    paths = [fill(shelf, 300) for _ in range(3)]
    shelf.close()
    later = Shelf(tmp_path, 1000)
    later.make_room(100)
    assert all(path.exists() for path in paths)
    later.make_room(101)
    assert [path.exists() for path in paths] == [False, True, True]
    later.make_room(900)
    assert not any(path.exists() for path in paths)
    later.close()


def test_what_others_put_there_is_neither_counted_nor_removed(tmp_path: Path) -> None:
    mine = tmp_path / "holiday.mcap"
    mine.write_bytes(bytes(5000))
    shelf = Shelf(tmp_path, 1000)
    fill(shelf, 10)
    shelf.make_room(2000)
    shelf.close()
    assert mine.exists()


def test_a_file_that_somebody_took_away_is_no_error(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 100)
    fill(shelf, 90).unlink()
    shelf.make_room(50)
    shelf.keep(tmp_path / "signwatch-000009-20251124T160000Z.mcap")
    shelf.close()


def test_two_do_not_record_into_one_folder(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 100)
    with pytest.raises(SinkError, match="another process records into it"):
        Shelf(tmp_path, 100)
    shelf.close()
    Shelf(tmp_path, 100).close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="can't be recorded into"):
        Shelf(tmp_path / "file" / "folder", 100)
