import zipfile
from pathlib import Path

import pytest

from models.archive import Archive
from models.errors import DataError


def zip_with(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name  # as it is: the constructor would tidy it
            archive.writestr(info, b"content")
    return path


@pytest.mark.parametrize(
    "name", ["../../etc/x", "/etc/x", "Train/../../x", "..\\..\\x", "\\etc\\x", "C:\\x", "c:/x", "Train\\..\\..\\x"]
)
def test_a_zip_that_leads_out_of_itself_is_refused(tmp_path: Path, name: str) -> None:
    path = zip_with(tmp_path / "evil.zip", "Train.csv", name)
    with pytest.raises(DataError, match=r"evil\.zip: holds a path that leads out of it"):
        Archive(path)
    with pytest.raises(DataError, match="leads out"):
        Archive(tmp_path)


def test_folders_that_windows_parts_with_backslashes_are_folders(tmp_path: Path) -> None:
    with Archive(zip_with(tmp_path / "data.zip", "Train\\0\\a.png", "./Test/b.png")) as archive:
        assert archive.names() == ["Test/b.png", "Train/0/a.png"]
        assert archive.read("Train/0/a.png") == b"content"


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "line after line\n" * 1000)
    content = bytearray(path.read_bytes())
    content[40:60] = b"\xff" * 20
    path.write_bytes(content)
    with Archive(path) as archive, pytest.raises(DataError, match=r"data\.zip: a\.csv can't be read"):
        archive.read("a.csv")


@pytest.mark.parametrize("keep", [0, 10, 100])
def test_a_zip_that_is_cut_off_says_to_fetch_it_again(tmp_path: Path, keep: int) -> None:
    path = zip_with(tmp_path / "data.zip", "a", "b", "c")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="fetch it again"):
        Archive(path)
