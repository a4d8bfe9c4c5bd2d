import msgspec
import numpy as np
import pytest

from edge.overlay import CONFIRMED, TENTATIVE, draw_message
from tests.edge.messages import MESSAGE, SIGN

BLANK = np.full((800, 1360, 3), 128, np.uint8)


def test_a_confirmed_and_a_tentative_sign_are_drawn_each_in_its_colour() -> None:
    doubtful = msgspec.structs.replace(SIGN, state="tentative", box=(200.0, 300.0, 40.0, 40.0))
    drawn = draw_message(BLANK, msgspec.structs.replace(MESSAGE, signs=(SIGN, doubtful)))
    assert drawn[411, 790].tolist() == list(CONFIRMED)
    assert drawn[300, 220].tolist() == list(TENTATIVE)
    assert (BLANK == 128).all(), "the frame itself is left as it was"


@pytest.mark.parametrize("box", [(-30.0, -10.0, 50.0, 50.0), (1340.0, 780.0, 60.0, 60.0), (5000.0, 5000.0, 9.0, 9.0)])
def test_signs_at_the_edge_are_drawn_without_error(box: tuple[float, float, float, float]) -> None:
    message = msgspec.structs.replace(MESSAGE, signs=(msgspec.structs.replace(SIGN, box=box),))
    assert draw_message(BLANK, message).shape == BLANK.shape


def test_a_tiny_frame_is_drawn_too() -> None:
    assert draw_message(np.zeros((1, 1, 3), np.uint8), MESSAGE).shape == (1, 1, 3)
