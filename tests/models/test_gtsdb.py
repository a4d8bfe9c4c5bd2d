from pathlib import Path

import numpy as np
import pytest

from models.archive import Archive
from models.errors import DataError
from models.gtsdb import list_frames, read_frame
from tests.models.benchmark import encode


def street(root: Path, table: str = "00001.ppm;2;3;11;22;7\n00001.ppm;30;3;39;12;14\n") -> Path:
    folder = root / "FullIJCNN2013"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number:05}.png").write_bytes(encode(".png", np.full((40, 60, 3), 50 * number, np.uint8)))
    (folder / "gt.txt").write_text(table)
    return root


def test_corners_become_boxes_and_other_suffixes_are_found(tmp_path: Path) -> None:
    with Archive(street(tmp_path)) as archive:
        frames = list_frames(archive)
        image = read_frame(archive, frames[2])
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert frames[1].boxes_xywh_px.tolist() == [[2, 3, 10, 20], [30, 3, 10, 10]]
    assert frames[1].class_ids.tolist() == [7, 14]
    assert frames[0].boxes_xywh_px.shape == (0, 4)
    assert image.shape == (40, 60, 3)
    assert image.max() == 100


def test_a_frame_of_the_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with Archive(street(tmp_path, "00009.ppm;2;3;11;22;7\n")) as archive, pytest.raises(DataError, match="00009"):
        list_frames(archive)


def test_a_damaged_table_says_its_line(tmp_path: Path) -> None:
    with Archive(street(tmp_path, "00001.ppm;2;3\n")) as archive, pytest.raises(DataError, match=r"gt\.txt, line 1"):
        list_frames(archive)


def test_a_class_id_outside_the_catalogue_is_refused(tmp_path: Path) -> None:
    with Archive(street(tmp_path)) as archive:
        assert len(list_frames(archive, 15)) == 3
        with pytest.raises(DataError, match=r"gt\.txt, line 2: class id 14, and there are 0 to 13"):
            list_frames(archive, 14)


def test_the_real_frames_are_whole(data_folder: Path) -> None:
    with Archive(data_folder / "gtsdb-train") as archive:
        frames = list_frames(archive)
    assert len(frames) == 600
    assert sum(len(frame.class_ids) for frame in frames) == 851
    assert sum(frame.held_out for frame in frames) == 120
