"""Frames from the middle of a recording are those that one pass gives."""

import shutil
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from edge.archive.finding import Recording
from edge.archive.stretch import LOOK_BACK_S, UNKNOWN, JumpMissed, frames_of
from edge.archive.survey import Anchor, Camera, survey
from edge.errors import SourceError
from edge.frame import Frame
from tests.edge.archive.drives import pictures, write_pictures, write_video

FPS = 5
FRAMES = 400
"""80 s, so that pieces farther on look back to somewhere in the middle."""


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("drive") / "drive.mp4"
    write_video(path, pictures(FRAMES, [(40 * number, 30, 14, 120) for number in range(9)]), FPS)
    return Recording(str(path), "drive.mp4", "video")


def camera_of(recording: Recording) -> Camera:
    (camera,) = survey(recording, 10.0).cameras
    return camera


def same(frames: list[Frame], others: list[Frame]) -> bool:
    return len(frames) == len(others) and all(
        (one.number, one.time_s) == (other.number, other.time_s) and not cv2.absdiff(one.image, other.image).any()
        for one, other in zip(frames, others, strict=True)
    )


def test_after_a_jump_come_the_frames_of_one_pass(drive: Recording) -> None:
    whole = list(frames_of(drive, None, None))
    camera = camera_of(drive)
    assert [frame.number for frame in whole] == list(range(FRAMES)) and camera.frames == FRAMES
    assert len(camera.starts) >= 5
    for anchor in (*camera.starts, Anchor(333, whole[333].time_s)):  # the last one is no key frame
        found = list(frames_of(drive, None, anchor))
        before = [frame for frame in found if frame.number == UNKNOWN]
        assert same(found[len(before) :], whole[anchor.number :])
        assert [frame.time_s for frame in before] == [
            frame.time_s for frame in whole[anchor.number - len(before) : anchor.number]
        ]
        assert before[0].time_s == 0 or LOOK_BACK_S <= anchor.time_s - before[0].time_s < LOOK_BACK_S + 10
        assert before[0].time_s > 0 or anchor.time_s < LOOK_BACK_S + 10


@pytest.mark.parametrize("anchor", [Anchor(300, 60.03), Anchor(500, 100.0)])
def test_a_frame_that_is_not_there_is_not_made_up(drive: Recording, anchor: Anchor) -> None:
    with pytest.raises(JumpMissed):
        list(frames_of(drive, None, anchor))


def test_pieces_begin_at_key_frames_and_the_last_is_no_crumb(drive: Recording) -> None:
    starts = camera_of(drive).starts
    apart = [after.time_s - before.time_s for before, after in pairwise(starts)]
    assert min(starts[0].time_s, *apart) >= 10 and FRAMES / FPS - starts[-1].time_s >= 5
    assert all(start.number % 20 == 0 for start in starts)


def test_a_folder_of_pictures_is_entered_anywhere(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", pictures(30, []))
    recording = Recording(str(folder), "pictures", "pictures")
    whole, part = list(frames_of(recording, None, None)), list(frames_of(recording, None, Anchor(20, 0.8)))
    assert same(part[20:], whole[20:]) and {frame.number for frame in part[:20]} == {UNKNOWN}
    assert len(survey(recording, 0.4).cameras[0].starts) == 2


def test_a_file_that_went_away_is_one_line(drive: Recording, tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp4"
    shutil.copy(drive.path, gone)
    recording = Recording(str(gone), "gone.mp4", "video")
    gone.unlink()
    with pytest.raises(SourceError, match="isn't there"):
        list(frames_of(recording, None, None))
