import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from tests.edge.archive_report.tables import recording, sign, write_tables


def report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tables(tmp_path / "archive", [sign("a.mp4", 1, 14)], [recording("a.mp4")])


def test_a_page_is_written_into_the_archive_or_where_it_is_wanted(folder: Path, tmp_path: Path) -> None:
    result = report(folder)
    assert result.exit_code == 0, result.output
    assert "Stop" in (folder / "report.html").read_text(encoding="utf-8")
    result = report(folder, "--html", tmp_path / "page.html", "--json", "--time-zone", "Europe/Berlin")
    facts = json.loads(result.stdout)
    assert facts["html"] == str(tmp_path / "page.html") and facts["signs_by_class"] == {"Stop": 1}
    assert facts["bytes"] == (tmp_path / "page.html").stat().st_size


def cut_off(folder: Path) -> None:
    table = folder / "signs.parquet"
    table.write_bytes(table.read_bytes()[:-200])


def empty(folder: Path) -> None:
    (folder / "recordings.parquet").write_bytes(b"")


def gone(folder: Path) -> None:
    (folder / "signs.parquet").unlink()


def of_another_version(folder: Path) -> None:
    table = pq.read_table(folder / "signs.parquet")
    metadata = {b"signwatch.schema": b"signwatch.archive-9"}
    pq.write_table(table.replace_schema_metadata(metadata), folder / "signs.parquet")


def of_nobody(folder: Path) -> None:
    pq.write_table(pa.table({"recording": ["a.mp4"]}), folder / "signs.parquet")


def without_a_column(folder: Path) -> None:
    table = pq.read_table(folder / "signs.parquet")
    pq.write_table(table.drop_columns(["confirmed_s"]), folder / "signs.parquet")


def of_other_types(folder: Path) -> None:
    table = pq.read_table(folder / "signs.parquet")
    place = table.schema.get_field_index("hits")
    pq.write_table(table.set_column(place, "hits", pa.array(["many"])), folder / "signs.parquet")


def damaged_inside(folder: Path) -> None:
    table = folder / "signs.parquet"
    data = bytearray(table.read_bytes())
    data[4:200] = bytes(196)
    table.write_bytes(data)


def with_broken_pictures(folder: Path) -> None:
    (folder / "thumbnails.parquet").write_bytes(b"PAR1")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (cut_off, "signs.parquet: is cut off or no Parquet file"),
        (empty, "recordings.parquet: is cut off or no Parquet file"),
        (gone, "signs.parquet: isn't there; `signwatch archive"),
        (of_another_version, "signs.parquet: has signwatch.archive-9, and this reads signwatch.archive-1"),
        (of_nobody, "signs.parquet: has no version"),
        (without_a_column, "signs.parquet: lacks confirmed_s as"),
        (of_other_types, "signs.parquet: lacks hits as"),
        (damaged_inside, "signs.parquet: is damaged"),
        (with_broken_pictures, "thumbnails.parquet: is cut off"),
    ],
)
def test_tables_that_can_not_be_used_are_one_line(folder: Path, harm: object, said: str) -> None:
    assert callable(harm)
    harm(folder)
    result = report(folder)
    assert result.exit_code == 1 and said in result.stderr
    assert len(result.stderr.splitlines()) == 1 and not (folder / "report.html").exists()


@pytest.mark.parametrize("arguments", [["--time-zone", "Atlantis"], ["--time-zone", "../../etc/passwd"]])
def test_wrong_usage_is_told(folder: Path, arguments: list[str]) -> None:
    assert report(folder, *arguments).exit_code == 2
    assert report(folder / "signs.parquet").exit_code == 2
    assert report(folder / "nowhere").exit_code == 2
