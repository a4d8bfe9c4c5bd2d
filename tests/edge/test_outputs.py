import csv
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edge.errors import SinkError
from edge.messages import decode
from edge.outputs import Outputs
from tests.edge.messages import MESSAGE, numbered

FRAME = np.full((800, 1360, 3), 90, np.uint8)


def test_every_output_gets_every_message(tmp_path: Path) -> None:
    with Outputs(tmp_path / "m.jsonl", tmp_path / "m.csv", tmp_path / "m.mp4") as outputs:
        for seq in range(3):
            outputs.write(FRAME, numbered(seq), 30.0)
        assert not (tmp_path / "m.jsonl").exists(), "a file has its name only when it is whole"
    lines = (tmp_path / "m.jsonl").read_text().splitlines()
    assert [decode(line.encode()).seq for line in lines] == [0, 1, 2]
    with (tmp_path / "m.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [(row["name"], row["code"], row["width"]) for row in rows] == [
        ("Speed limit (50km/h)", "274-50", "41.0")
    ] * 3
    video = cv2.VideoCapture(str(tmp_path / "m.mp4"))
    assert (video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)) == (3, 30)
    video.release()


def test_no_output_is_fine() -> None:
    with Outputs() as outputs:
        outputs.write(FRAME, MESSAGE, None)


@pytest.mark.parametrize("name", ["jsonl", "table"])
def test_a_folder_that_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match=r"nowhere/out: can't be written"):
        Outputs(**{name: tmp_path / "nowhere" / "out"})


def test_a_full_disk_is_said() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(SinkError, match="No space left"), Outputs(table=LinkedTo(full)) as outputs:
        for _ in range(2000):
            outputs.write(FRAME, MESSAGE, None)


class LinkedTo(type(Path())):  # type: ignore[misc]
    """A path whose partial file is the device given."""

    def with_name(self, name: str) -> Path:
        return Path(self)


def test_pictures_of_two_sizes_make_no_video(tmp_path: Path) -> None:
    other = msgspec.structs.replace(MESSAGE, size=(640, 480))
    with pytest.raises(SinkError, match="change from"), Outputs(video=tmp_path / "m.mp4") as outputs:
        outputs.write(FRAME, MESSAGE, 25.0)
        outputs.write(FRAME[:480, :640], other, 25.0)
