import time

import pytest

from edge.frame import Frame
from edge.frame_reader import open_reader
from edge.reader import SignReader
from edge.sample_drive import SampleDrive
from edge.seeing import Seeing
from tests.calibration.pictures import Image, exposed, out_of_focus, tinted


@pytest.fixture(scope="module")
def drive() -> list[Image]:
    """A picture every second."""
    return [picture for picture, _ in SampleDrive(8, size=(640, 360), fps=1.0, seconds=14).frames()]


def test_a_strong_cast_is_taken_off_after_ten_pictures(drive: list[Image]) -> None:
    seeing, clean = Seeing(), Seeing()
    gains = [seeing.look(tinted(picture, (-1.3, 0, 1.3)), float(at)).gains for at, picture in enumerate(drive)]
    assert gains[:9] == [None] * 9
    assert gains[9] is not None
    blue, _, red = gains[9]
    assert blue > 1.2 > 0.9 > red
    assert {clean.look(picture, float(at)) for at, picture in enumerate(drive)} == {((), None)}


def test_pictures_that_have_nothing_to_do_with_one_another_are_judged_at_once_and_keep_their_colour(
    drive: list[Image],
) -> None:
    seeing = Seeing(stills=True)
    assert seeing.look(exposed(drive[0], -5), 0.0) == (("underexposed",), None)
    assert {seeing.look(tinted(picture, (-1.3, 0, 1.3)), 0.0).gains for picture in drive} == {None}


def test_a_message_says_what_is_wrong_with_its_picture_beside_what_is_left_undone(drive: list[Image]) -> None:
    reader = open_reader()
    try:
        signs = SignReader(reader, "front")
        messages = [
            signs.read(
                Frame(out_of_focus(picture), number, 0, time.monotonic_ns(), float(number), None), degraded=("late",)
            )
            for number, picture in enumerate(drive[:6])
        ]
    finally:
        reader.close()
    assert [message.degraded for message in messages] == [("late",)] * 3 + [("late", "blurred")] * 3
