"""`signwatch calibrate board`: a board to print."""

from pathlib import Path

import click

from calibration.board import Board, Kind
from edge.cli.board_options import board_options
from edge.cli.options import output_option
from edge.printed_board import PAPERS_MM, draw_board, largest_square_mm, write_board


@click.command("board")
@board_options
@click.option(
    "--paper", type=click.Choice(list(PAPERS_MM)), default="a4", show_default=True, help="What it is printed on."
)
@click.option(
    "--square",
    "square_mm",
    type=click.IntRange(1),
    metavar="MM",
    help="Side of a square; as large as fits if not given.",
)
@output_option("--out", "Where it goes: a .pdf or .png.", required=True)
def command(pattern: tuple[int, int], kind: Kind, paper: str, square_mm: int | None, out: Path) -> None:
    """Make a board to print, true to size.

    Print it at 100 % and glue it onto something stiff: glass or a board. How flat it is matters more than its size.
    """
    board = Board(*pattern, kind)
    square_mm = square_mm or max(1, largest_square_mm(board, paper))
    try:
        write_board(draw_board(board, paper, square_mm), out)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{out}: {board}, squares of {square_mm} mm on {paper}; print it at 100 % and check the 100 mm line")
