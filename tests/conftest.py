"""What tests of several packages share."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data, which is not part of the project; skips where it isn't there.

    `SIGNWATCH_DATA` names it; without, it is looked for beside the project.
    """
    folder = Path(os.environ.get("SIGNWATCH_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} isn't there (SIGNWATCH_DATA names it)")
    return folder
