from pathlib import Path

import pytest

from edge.errors import WireError
from edge.service.api_keys import add_api_key, digest_of_key, read_api_keys


def test_a_key_that_was_made_is_known_and_not_written_down(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    key = add_api_key(file, "dashboard")
    other = add_api_key(file, "robot-2")
    assert {known.name: known.digest for known in read_api_keys(file)} == {
        "dashboard": digest_of_key(key), "robot-2": digest_of_key(other),
    }  # fmt: skip
    assert key not in file.read_text() and len(key) > 40
    assert file.stat().st_mode & 0o077 == 0


def test_a_name_has_one_key(tmp_path: Path) -> None:
    add_api_key(tmp_path / "keys", "a")
    with pytest.raises(WireError, match="a has a key already"):
        add_api_key(tmp_path / "keys", "a")


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "x" * 65, "../a"])
def test_a_name_that_can_break_the_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WireError, match="is no name for a key"):
        add_api_key(tmp_path / "keys", name)
    assert not (tmp_path / "keys").exists()


def test_a_file_that_holds_something_else_is_told_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    digest = digest_of_key("x")
    for text, said in (
        ("", "holds no API key"),
        ("# only this\n\n", "holds no API key"),
        (f"a {digest}\nb secret\n", "keys:2: no API key"),
        (f"a {digest}\na {digest}\n", "a has a key already"),
    ):
        file.write_text(text)
        with pytest.raises(WireError, match=said):
            read_api_keys(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(WireError, match="can't be read"):
        read_api_keys(file)
    with pytest.raises(WireError, match="can't be read"):
        read_api_keys(tmp_path / "missing")
