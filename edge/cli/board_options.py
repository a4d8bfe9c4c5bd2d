"""What a calibration board is, on the command line."""

import re
from collections.abc import Callable
from typing import Any, get_args

import click

from calibration.board import Board, Kind


class Pattern(click.ParamType[tuple[int, int]]):
    """`COLUMNSxROWS` of inner corners."""

    name = "COLUMNSxROWS"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Read it."""
        match = re.fullmatch(r"(\d{1,3})x(\d{1,3})", str(value))
        if match is None:
            self.fail(f"{value} is no pattern; write inner corners in a row and in a column, like 9x6", param, ctx)
        columns, rows = int(match[1]), int(match[2])
        try:
            Board(columns, rows)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return columns, rows


_OPTIONS = (
    click.option(
        "--pattern",
        type=Pattern(),
        default="9x6",
        show_default=True,
        help="Inner corners in a row and in a column: squares less one each way.",
    ),
    click.option(
        "--board",
        "kind",
        type=click.Choice(get_args(Kind)),
        default="chessboard",
        show_default=True,
        help="A ChArUco board has markers in its white squares, and may be seen in part.",
    ),
)


def board_options(command: Callable[..., None]) -> Any:
    """Decorate a command with what its board is."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
