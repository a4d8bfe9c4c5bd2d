"""Views of a calibration board out of pictures, a recording or a stream."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from calibration.adjustment import View
from calibration.board import Board
from calibration.corners import Corners, edge_width_px, find_corners, find_roughly, similar_board
from calibration.errors import ViewsError
from calibration.intrinsics import MIN_VIEWS
from calibration.view_collector import ViewCollector
from edge.frame import Frame
from edge.progress import Report
from edge.sources import Source

LOOKS_A_SECOND = 6.0
"""In a recording: so often a board that is shown and moved on is seen."""
USUAL_FPS = 30.0
ALMOST_PX = 2
"""Pictures of one camera whose width and height differ by no more are taken to lack, or to have, a row or column at the
right or bottom: corners keep their places, and what that could be wrong by goes into where the board was."""
NO_BOARD = "no whole board found: is it cut off, blurred or of another size?"
TRIED_FOR_OTHERS = 5


@dataclass(frozen=True, slots=True)
class FoundViews:
    """Views of a board in a source."""

    views: list[View]
    size_px: tuple[int, int]
    left_out: dict[str, str]
    """Names of pictures that gave no view, each with the reason."""
    almost: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Pictures that were used though their width and height are not quite `size_px`."""


def views_of_pictures(source: Source, board: Board, report: Report) -> FoundViews:
    """A view of every picture that shows the board.

    Args:
        source: Pictures of one camera.
        board: What they show.
        report: Told how many were looked at.

    Raises ViewsError where none shows it, or few do and others show a board of another size.
    """
    found: dict[str, tuple[tuple[int, int], Corners | None]] = {}
    without: list[Frame] = []
    for frame in source.frames():
        corners = find_corners(frame.image, board)
        found[frame.file or str(frame.number)] = _size_px(frame), corners
        without += [frame] if corners is None and len(without) < TRIED_FOR_OTHERS else []
        report(len(found), source.frame_count or 0)
    left_out = dict.fromkeys(source.skipped, "can't be read as a picture")
    size_px, _ = Counter(size for size, _ in found.values()).most_common(1)[0]
    views: list[View] = []
    almost: dict[str, tuple[int, int]] = {}
    for name, (size, corners) in found.items():
        if max(abs(size[0] - size_px[0]), abs(size[1] - size_px[1])) > ALMOST_PX:
            left_out[name] = f"is {size[0]}x{size[1]}, most are {size_px[0]}x{size_px[1]}: one camera, one size"
        elif corners is None:
            left_out[name] = NO_BOARD
        else:
            views.append(View(name, corners.points_px, corners.numbers))
            if size != size_px:
                almost[name] = size
    other = _other_board(without, board, len(views)) if len(views) < MIN_VIEWS else None
    if not views or other is not None:
        raise ViewsError(_too_few(source.name, len(views), len(found), board, other))
    return FoundViews(views, size_px, left_out, almost)


def views_of_stream(
    source: Source, board: Board, enough: int, say: Callable[[ViewCollector], None], report: Report
) -> FoundViews:
    """Views taken by themselves from moving pictures.

    Args:
        source: A recording, or a camera or stream, of which only what is newest is looked at.
        board: What is shown to the camera.
        enough: Views after which it ends; a recording also ends with its last frame, and all of them when
            KeyboardInterrupt is raised here.
        say: Told of every view that was taken.
        report: Told how many frames of a recording were looked at.

    Raises ViewsError where none was taken.
    """
    collector: ViewCollector | None = None
    size_px, looked = (0, 0), 0
    first: list[Frame] = []
    try:
        for frame in _looked_at(source):
            looked += 1
            report(frame.number, source.frame_count or 0)
            if collector is None:
                size_px, collector = _size_px(frame), ViewCollector(board, _size_px(frame))
            if _size_px(frame) != size_px:
                raise ViewsError(f"{source.name} changed its size from {size_px} to {_size_px(frame)}; start anew")
            first += [frame] if len(first) < TRIED_FOR_OTHERS else []
            if _take(frame, board, collector):
                say(collector)
                if len(collector.views) >= enough:
                    break
    except KeyboardInterrupt:  # whoever watches may know that it is enough
        pass
    if collector is None or not collector.views:
        raise ViewsError(_too_few(source.name, 0, looked, board, _other_board(first, board, 0)))
    return FoundViews(collector.views, size_px, {})


def _take(frame: Frame, board: Board, collector: ViewCollector) -> bool:
    """Take a frame as a view if it is good for one."""
    roughly = find_roughly(frame.image, board)
    if roughly is None:
        return False
    time_s = frame.captured_monotonic_ns / 1e9 if frame.media_s is None else frame.media_s
    if not (collector.is_still(roughly, time_s) and collector.is_new(roughly)):
        return False
    corners = find_corners(frame.image, board)
    return corners is not None and collector.take(f"frame {frame.number}", corners, edge_width_px(frame.image, corners))


def _looked_at(source: Source) -> Iterator[Frame]:
    """All frames that a live source gives; a recording's, some a second."""
    apart = 1 if source.live else max(1, round((source.fps or USUAL_FPS) / LOOKS_A_SECOND))
    for frame in source.frames():
        if frame.number % apart == 0:
            yield frame


def _size_px(frame: Frame) -> tuple[int, int]:
    height, width = frame.image.shape[:2]
    return width, height


def _other_board(frames: list[Frame], board: Board, found: int) -> Board | None:
    """A board of another size that more of the frames show than `found`: a board cut off looks like a smaller one."""
    others = Counter(other for frame in frames if (other := similar_board(frame.image, board)))
    return next((other for other, count in others.most_common(1) if count > found), None)


def _too_few(name: str, found: int, looked: int, board: Board, other: Board | None) -> str:
    hint = (
        f"others show a {other}: --pattern counts inner corners"
        if other
        else "--pattern counts inner corners, one less than squares each way; the whole board has to be seen, sharp, "
        "with some white around it"
    )
    return f"{name} shows {f'a {board} in {found}' if found else f'no {board} in any'} of {looked} pictures; {hint}"
