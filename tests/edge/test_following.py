"""Drives followed through the whole pipeline, on signs that are drawn."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.following import drivable, follow_clip, follow_frame
from edge.frame_reader import FrameReader, open_reader
from edge.sample_drive import draw_sign
from edge.track_figures import track_figures
from models.archive import Archive
from models.errors import DataError
from models.gtsdb import StreetFrame, list_frames
from tests.models.benchmark import encode

SIGN = (430, 180, 48)


@pytest.fixture(scope="module")
def reader() -> Iterator[FrameReader]:
    reader = open_reader()
    yield reader
    reader.close()


def street(class_id: int | None) -> np.ndarray:
    """A slightly noisy grey picture, with a stop sign or another one in it."""
    image = np.random.default_rng(0).normal((150, 140, 130), 6, (400, 680, 3)).clip(0, 255).astype(np.uint8)
    if class_id is not None:
        x, y, side = SIGN
        sign = draw_sign(class_id, side)
        alpha = sign[..., 3:] / 255
        patch = image[y : y + side, x : x + side]
        patch[:] = (alpha * sign[..., 2::-1] + (1 - alpha) * patch).astype(np.uint8)
    return image


def test_a_sign_that_is_driven_towards_is_confirmed_and_an_empty_street_stays_so(
    tmp_path: Path, reader: FrameReader
) -> None:
    (tmp_path / "00000.png").write_bytes(encode(".png", street(14)))
    (tmp_path / "00001.png").write_bytes(encode(".png", street(None)))
    x, y, side = SIGN
    (tmp_path / "gt.txt").write_text(f"00000.ppm;{x};{y};{x + side - 1};{y + side - 1};14\n")
    with Archive(tmp_path) as archive:
        drives = [follow_frame(reader, archive, frame, held_out=frame.held_out) for frame in list_frames(archive)]
    figures = track_figures([drive.score for drive in drives])
    assert [drive.held_out for drive in drives] == [True, False]
    assert (figures["signs"], figures["confirmed"], figures["switched"]) == (1, 1, 0)
    assert (figures["wrong"], figures["confirmed_in_empty"], figures["empty_drives"]) == (0, 0, 1)
    assert figures["confirmed_share"] == 1.0
    low, high = figures["confirmed_interval"]
    assert 0 < low < high == 1.0
    assert len(drives[0].sign_pictures[0]) > 30
    assert drives[1].sign_pictures == {}


def test_figures_of_nothing_are_no_shares() -> None:
    figures = track_figures([])
    assert (figures["signs"], figures["confirmed_share"], figures["confirmed_interval"]) == (0, None, None)
    assert figures["confirmed_px"] is None


def test_only_frames_whose_sign_can_get_legible_are_driven_towards() -> None:
    def frame(number: int, *sides: float) -> StreetFrame:
        boxes = np.array([(10, 10, side, side) for side in sides], np.float32).reshape(-1, 4)
        return StreetFrame(number, f"{number}.png", boxes, np.zeros(len(sides), np.int64))

    assert [chosen.number for chosen in drivable([frame(1, 20, 40), frame(2, 20), frame(3)])] == [1, 3]


def test_a_real_recording_is_followed_with_the_signs_beside_it(tmp_path: Path, reader: FrameReader) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30, (680, 400))
    for _ in range(3):
        writer.write(street(None))
    writer.release()
    table = tmp_path / "clip.boxes.csv"
    table.write_text("frame,gtsrb_class,x1,y1,x2,y2\n0,3,10,10,49,49\n2,3,20,10,59,49\n2,9,20,60,59,99\n")
    score = follow_clip(reader, tmp_path / "clip.avi").score
    assert score.frames == 3
    assert [(sign.class_id, sign.largest_px) for sign in score.signs] == [(3, 40.0), (9, 40.0)]
    table.write_text("frame,gtsrb_class,x1,y1,x2,y2\n0,3,ten,10,49,49\n")
    with pytest.raises(DataError, match=r"boxes\.csv, line 2"):
        follow_clip(reader, tmp_path / "clip.avi")


def test_two_real_signs_on_a_pole_are_confirmed_and_keep_their_numbers(data_folder: Path, reader: FrameReader) -> None:
    coast = follow_clip(reader, data_folder / "clips" / "coast-60-no-passing.mp4").score
    assert [sign.confirmed_s is not None for sign in coast.signs] == [True, True]
    assert all(confirmation.right for confirmation in coast.confirmations)
    assert [sign.switches for sign in coast.signs] == [0, 0]
