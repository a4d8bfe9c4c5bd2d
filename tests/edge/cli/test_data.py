import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge import official_data
from edge.cli import main
from edge.official_data import DATA_SETS
from models.archive import Archive
from models.gtsdb import list_frames
from models.gtsrb import list_pictures
from tests.conftest import PROJECT
from tests.edge.file_server import FileServer
from tests.models import benchmark
from tests.models.test_gtsdb import street

GTSRB = [official.name for official in DATA_SETS["gtsrb"].files]
GTSDB = DATA_SETS["gtsdb"].files[0].name


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with small archives of the official layout under the official names."""
    folder = tmp_path / "published"
    folder.mkdir()
    (tmp_path / "official").mkdir()
    root = benchmark.official(tmp_path / "official")
    parts = {"Final_Training": root / "GTSRB/Final_Training", "Final_Test": root / "GTSRB/Final_Test"}
    for name, part in zip(GTSRB, (*parts.values(), root / "GT-final_test.csv"), strict=True):
        with zipfile.ZipFile(folder / name, "w") as archive:
            for file in [part] if part.is_file() else sorted(part.rglob("*.*")):
                archive.write(file, file.relative_to(root).as_posix())
    (tmp_path / "street").mkdir()
    benchmark.zipped(street(tmp_path / "street"), folder / GTSDB)
    with zipfile.ZipFile(folder / GTSDB, "a") as archive:
        archive.writestr("FullIJCNN2013/ReadMe.bin", os.urandom(2_000_000))
    return folder


@pytest.fixture
def server(published: Path) -> Iterator[FileServer]:
    with FileServer(published) as server:
        yield server


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


def test_what_is_fetched_can_be_trained_and_measured_on_as_it_is(server: FileServer, tmp_path: Path) -> None:
    out = tmp_path / "data"
    result = run("--out", out, "--base", server.base, "--subset", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "gtsrb": {"folder": str(out / "gtsrb"), "counts": {"training pictures": 24, "test pictures": 3}},
        "gtsdb": {"folder": str(out / "gtsdb"), "counts": {"frames": 3}},
    }
    with Archive(out / "gtsrb") as archive:
        assert (len(list_pictures(archive, "train")), len(list_pictures(archive, "test"))) == (24, 3)
    with Archive(out / "gtsdb") as archive:
        assert len(list_frames(archive)) == 3
    record = json.loads((out / "gtsdb" / f"{GTSDB}.json").read_text())
    assert record["origin"] == f"{server.base}/{GTSDB}"
    assert record["size_bytes"] == (server.folder / GTSDB).stat().st_size


def test_what_is_there_is_not_fetched_again_and_noticed_where_it_changed(server: FileServer, tmp_path: Path) -> None:
    arguments = ("gtsrb", "--out", tmp_path, "--base", server.base, "--subset")
    assert run(*arguments).exit_code == 0
    server.requests.clear()
    assert run(*arguments).exit_code == 0
    assert server.requests == []
    with (tmp_path / "gtsrb" / GTSRB[0]).open("ab") as file:
        file.write(b"\0")
    result = run(*arguments)
    assert result.exit_code == 1
    assert f"{GTSRB[0]}: is not what it was when it came; remove it" in result.stderr


def test_a_file_of_another_size_or_checksum_than_the_official_one_is_refused(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("gtsrb", "--out", tmp_path, "--base", server.base)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "and the official file has 276294756; fetch it again" in result.stderr
    official = DATA_SETS["gtsrb"].files[0]
    size = (server.folder / official.name).stat().st_size
    pinned = replace(DATA_SETS["gtsrb"], files=(replace(official, size_bytes=size),))
    monkeypatch.setattr(official_data, "DATA_SETS", {"gtsrb": pinned})
    monkeypatch.setattr("edge.cli.data.DATA_SETS", {"gtsrb": pinned})
    result = run("gtsrb", "--out", tmp_path, "--base", server.base)
    assert "and the official file's is d32ac4b5" in result.stderr
    assert list((tmp_path / "gtsrb").iterdir()) == [], "nothing that isn't whole has a name"


def test_a_data_set_that_is_not_complete_says_what_it_has(server: FileServer, tmp_path: Path) -> None:
    result = run("gtsdb", "--out", tmp_path, "--base", server.base)
    assert result.exit_code == 1
    assert "holds 3 frames, and the data set has 900 frames" in result.stderr


def test_a_server_that_is_cut_off_and_lies_about_length_gives_no_file(server: FileServer, tmp_path: Path) -> None:
    server.announced = lambda size: size - 1000
    result = run("gtsdb", "--out", tmp_path, "--base", server.base, "--subset")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "can't be read as a zip" in result.stderr
    assert list((tmp_path / "gtsdb").iterdir()) == []


def test_a_page_in_place_of_the_file_and_a_zip_with_a_damaged_picture_are_refused(
    server: FileServer, tmp_path: Path
) -> None:
    damaged = bytearray((server.folder / GTSDB).read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    for content, said in ((b"<html>Sorry</html>", "can't be read as a zip"), (bytes(damaged), "in it is damaged")):
        (server.folder / GTSDB).write_bytes(content)
        result = run("gtsdb", "--out", tmp_path, "--base", server.base, "--subset")
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert said in result.stderr
    assert list((tmp_path / "gtsdb").iterdir()) == []


def test_a_zip_that_leads_out_of_itself_is_never_given_its_name(server: FileServer, tmp_path: Path) -> None:
    with zipfile.ZipFile(server.folder / GTSDB, "a") as archive:
        archive.writestr("../../etc/cron.d/x", "")
    result = run("gtsdb", "--out", tmp_path, "--base", server.base, "--subset")
    assert result.exit_code == 1
    assert "leads out of it" in result.stderr
    assert list((tmp_path / "gtsdb").iterdir()) == []


def test_a_fetch_that_is_killed_goes_on_with_the_same_command(published: Path, tmp_path: Path) -> None:
    with FileServer(published, pause_s=0.05) as server:
        arguments = ["gtsdb", "--out", str(tmp_path / "data"), "--base", server.base, "--subset"]
        first = subprocess.Popen([sys.executable, "-m", "edge.cli", "data", *arguments], cwd=PROJECT)
        part = tmp_path / "data" / "gtsdb" / f"{GTSDB}.part"
        while first.poll() is None and not (part.exists() and part.stat().st_size > 500_000):
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        had = part.stat().st_size
        assert not part.with_suffix("").exists()
        assert run(*arguments).exit_code == 0
    assert server.requests == ["", f"bytes={had}-"]
    assert (tmp_path / "data" / "gtsdb" / GTSDB).read_bytes() == (published / GTSDB).read_bytes()
    assert not part.exists()


def test_files_already_there_are_checked_and_taken_without_a_network(published: Path, tmp_path: Path) -> None:
    result = run("--out", tmp_path / "data", "--from", published, "--subset")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "data" / "gtsrb" / GTSRB[0]).samefile(published / GTSRB[0]), "linked: they are large"
    (published / GTSRB[1]).unlink()
    result = run("gtsrb", "--out", tmp_path / "more", "--from", published, "--subset")
    assert result.exit_code == 1
    assert f"holds {GTSRB[0]}, but not {GTSRB[1]}" in result.stderr


def test_another_packing_such_as_kaggles_is_taken_too(tmp_path: Path) -> None:
    (tmp_path / "kaggle").mkdir()
    (tmp_path / "downloads").mkdir()
    archive = benchmark.zipped(benchmark.kaggle(tmp_path / "kaggle"), tmp_path / "downloads" / "archive.zip")
    for number, source in enumerate((archive, archive.parent)):
        result = run("gtsrb", "--out", tmp_path / str(number), "--from", source, "--subset")
        assert result.exit_code == 0, result.output
        assert "24 training pictures and 3 test pictures" in result.stdout
    result = run("gtsdb", "--out", tmp_path, "--from", archive, "--subset")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "nor a zip of the whole data set in it" in result.stderr


def test_a_copy_that_fills_the_disk_is_one_line(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_disk(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", other_disk)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        result = run("gtsdb", "--out", tmp_path, "--from", published, "--subset")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "can't be written" in result.stderr
    assert list((tmp_path / "gtsdb").iterdir()) == []
    assert run("gtsdb", "--out", tmp_path, "--from", published, "--subset").exit_code == 0


def test_real_data_in_another_packing_is_complete(data_folder: Path, tmp_path: Path) -> None:
    result = run("gtsrb", "--out", tmp_path, "--from", data_folder)
    assert result.exit_code == 0, result.output
    assert "39209 training pictures and 12630 test pictures" in result.stdout


def test_taking_and_mirroring_at_once_is_wrong_usage(tmp_path: Path) -> None:
    assert run("--out", tmp_path, "--from", tmp_path, "--base", "http://x").exit_code == 2
    assert run("imagenet").exit_code == 2
