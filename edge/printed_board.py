"""Calibration boards to print: true to size, as PDF or PNG."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from calibration.board import Board
from calibration.corners import charuco_board

PX_A_MM = 20
"""508 dots an inch: a square of whole millimetres is one of whole pixels, and no edge is rounded."""
DPI = 25.4 * PX_A_MM
PAPERS_MM = {"a4": (210, 297), "a3": (297, 420), "letter": (216, 279)}
"""Shorter and longer side. A letter is 215.9 by 279.4 mm; the paper's edge may be off, the board isn't."""
MARGIN_MM = 12
"""White around the squares: printers leave the edge out, and detectors look for it."""
FOOT_MM = 9
"""For the line that tells what it is and the length to measure."""
RULER_MM = 100


def largest_square_mm(board: Board, paper: str) -> int:
    """The largest whole number of millimetres that fits the paper; 0 where none does."""
    width, height = _paper_mm(board, paper)
    return min((width - 2 * MARGIN_MM) // (board.columns + 1), (height - 2 * MARGIN_MM - FOOT_MM) // (board.rows + 1))


def draw_board(board: Board, paper: str, square_mm: int) -> Image.Image:
    """The sheet, black and white, PX_A_MM. Raises ValueError where the board doesn't fit the paper."""
    most = largest_square_mm(board, paper)
    if square_mm > most:
        raise ValueError(
            f"squares of {square_mm} mm make a {board} too large for {paper}; "
            + (f"at most {most} mm fit" if most else "take a larger paper")
        )
    width, height = _paper_mm(board, paper)
    sheet = Image.new("L", (width * PX_A_MM, height * PX_A_MM), 255)
    drawn = Image.fromarray(squares(board, square_mm * PX_A_MM))
    left = (sheet.width - drawn.width) // 2
    top = (sheet.height - FOOT_MM * PX_A_MM - drawn.height) // 2
    sheet.paste(drawn, (left, top))
    draw = ImageDraw.Draw(sheet)
    foot = sheet.height - (FOOT_MM + 3) * PX_A_MM
    ruler = (sheet.width - RULER_MM * PX_A_MM) // 2
    draw.rectangle((ruler, foot, ruler + RULER_MM * PX_A_MM - 1, foot + PX_A_MM // 4), fill=0)
    for end in (ruler, ruler + RULER_MM * PX_A_MM - PX_A_MM // 4):
        draw.rectangle((end, foot - PX_A_MM, end + PX_A_MM // 4 - 1, foot + PX_A_MM), fill=0)
    draw.text(
        (sheet.width // 2, foot + 4 * PX_A_MM),
        f"{board}, squares of {square_mm} mm, {paper}. Print at 100 %, not fitted to the page: the line above is "
        f"{RULER_MM} mm long.",
        fill=0,
        font=ImageFont.load_default(size=3 * PX_A_MM),
        anchor="mm",
    )
    return sheet.convert("1", dither=Image.Dither.NONE)


def write_board(sheet: Image.Image, file: Path) -> None:
    """Write a sheet as PDF or PNG, as the file's name ends. Raises ValueError for another end, OSError."""
    match file.suffix.lower():
        case ".pdf":
            sheet.save(file, "PDF", resolution=DPI, title="Calibration board")
        case ".png":
            sheet.save(file, "PNG", dpi=(DPI, DPI))
        case _:
            raise ValueError(f"{file}: a board is written as .pdf or .png")


def _paper_mm(board: Board, paper: str) -> tuple[int, int]:
    """Width and height, the longer side along the board's."""
    short, long = PAPERS_MM[paper]
    return (long, short) if board.columns > board.rows else (short, long)


def squares(board: Board, square_px: int) -> NDArray[np.uint8]:
    """(height, width) uint8: the squares alone, the first of a chessboard black."""
    columns, rows = board.columns + 1, board.rows + 1
    if board.kind == "charuco":
        size = (columns * square_px, rows * square_px)
        return np.asarray(charuco_board(board).generateImage(size, marginSize=0, borderBits=1), np.uint8)
    y, x = np.mgrid[:rows, :columns]
    light = ((x + y) % 2 * 255).astype(np.uint8)
    return np.kron(light, np.ones((square_px, square_px), np.uint8))
