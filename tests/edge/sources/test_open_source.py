from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import (
    PacedSource,
    PatternSource,
    PictureSource,
    Source,
    VideoSource,
    open_source,
)
from edge.video_writer import VideoWriter


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a picture and a recording in it, and in one called 12345."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "12345").mkdir()
    for picture in ("sign.png", "12345/sign.png"):
        cv2.imwrite(picture, np.zeros((8, 8, 3), dtype=np.uint8))
    for recording in ("drive.mp4", "drive[1].avi"):
        with VideoWriter(recording, (32, 32), 25) as writer:
            writer.write(np.zeros((32, 32, 3), dtype=np.uint8))
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("spec", "kind", "name"),
    [
        ("sign.png", PictureSource, "sign.png"),
        (".", PictureSource, "."),
        ("*.png", PictureSource, "*.png"),
        ("12345", PictureSource, "12345"),
        ("drive.mp4", VideoSource, "drive.mp4"),
        ("drive[1].avi", VideoSource, "drive[1].avi"),
        ("pattern:", PatternSource, "pattern"),
    ],
)
def test_what_the_user_named_decides(spec: str, kind: type[Source], name: str) -> None:
    with open_source(spec) as source:
        assert type(source) is kind
        assert (source.name, source.live) == (name, False)
    with open_source(spec, name="front") as source:
        assert source.name == "front"
        assert sum(1 for _ in source.frames()) == source.frame_count


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("spec", ["drive.mp4", "pattern:"])
def test_in_real_time_a_recording_is_live(spec: str) -> None:
    with open_source(spec, realtime=True) as source:
        assert type(source) is PacedSource
        assert source.live


@pytest.mark.parametrize("spec", ["", "nowhere", "nowhere.mp4", "nowhere/", "99999999", "nowhere/*.png"])
def test_what_is_not_there_is_one_clear_line(spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as caught:
        open_source(spec)
    assert "\n" not in str(caught.value)
