import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from calibration.board import Board
from calibration.corners import find_corners
from edge.printed_board import PAPERS_MM, draw_board, largest_square_mm, write_board

PX_A_MM_IN_TEST = 20
POINTS_A_MM = 72 / 25.4


@pytest.mark.parametrize("kind", ["chessboard", "charuco"])
@pytest.mark.parametrize("paper", PAPERS_MM)
def test_squares_are_true_to_size(tmp_path: Path, paper: str, kind: str) -> None:
    board = Board(9, 6, kind)  # type: ignore[arg-type]
    square_mm = largest_square_mm(board, paper)
    write_board(draw_board(board, paper, square_mm), tmp_path / "board.png")
    with Image.open(tmp_path / "board.png") as sheet:
        assert sheet.info["dpi"] == pytest.approx((25.4 * PX_A_MM_IN_TEST,) * 2, rel=1e-4)
        assert sorted(side / PX_A_MM_IN_TEST for side in sheet.size) == sorted(PAPERS_MM[paper])
        image = np.asarray(sheet.convert("RGB").reduce(4))
    corners = find_corners(np.ascontiguousarray(image), board)
    assert corners is not None and len(corners.numbers) == 54
    grid = corners.points_px.reshape(6, 9, 2) * 4 / PX_A_MM_IN_TEST
    np.testing.assert_allclose(np.linalg.norm(np.diff(grid, axis=1), axis=2), square_mm, atol=0.1)
    assert abs(np.linalg.norm(grid[0, -1] - grid[0, 0]) - 8 * square_mm) < 0.1


def test_the_page_of_a_pdf_is_the_paper(tmp_path: Path) -> None:
    write_board(draw_board(Board(9, 6), "a4", 25), tmp_path / "board.pdf")
    content = (tmp_path / "board.pdf").read_bytes()
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", content)
    assert box is not None
    assert float(box[1]) == pytest.approx(297 * POINTS_A_MM, abs=0.01)
    assert float(box[2]) == pytest.approx(210 * POINTS_A_MM, abs=0.01)
    assert b"CCITTFaxDecode" in content, "what loses nothing"


def test_a_board_too_large_for_the_paper_is_refused_with_what_fits() -> None:
    with pytest.raises(ValueError, match=r"squares of 60 mm make a 9x6 chessboard too large for a4; at most 25 mm fit"):
        draw_board(Board(9, 6), "a4", 60)


def test_the_first_square_is_black_and_white_is_around() -> None:
    sheet = np.asarray(draw_board(Board(9, 6), "a4", 25).convert("L"))
    dark = np.argwhere(sheet[: 190 * PX_A_MM_IN_TEST] == 0)
    top, left = dark.min(axis=0)
    assert min(top, left) >= 10 * PX_A_MM_IN_TEST
    assert sheet[top + 5, left + 5] == 0 and sheet[top + 5, left + 25 * PX_A_MM_IN_TEST + 5] == 255
    assert cv2.countNonZero(sheet) > sheet.size / 2
