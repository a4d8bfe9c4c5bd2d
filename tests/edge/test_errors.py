import re

import edge
from edge import errors


def test_the_tree_in_the_docstring_is_the_family() -> None:
    tree = errors.__doc__ or ""
    for name in errors.__all__:
        assert re.search(rf"\b{name}\b", tree), f"{name} is missing from the tree"
        assert issubclass(getattr(errors, name), errors.SignwatchError)
        assert getattr(edge, name) is getattr(errors, name)


def test_truncation_says_how_much_could_be_read() -> None:
    error = errors.SourceTruncated("drive.mp4", read=31, expected=56)
    assert (error.source, error.read, error.expected) == ("drive.mp4", 31, 56)
    assert "drive.mp4" in str(error) and "31 of 56" in str(error)
    assert "index is missing" in str(errors.SourceTruncated("drive.mp4", read=0, expected=None))
