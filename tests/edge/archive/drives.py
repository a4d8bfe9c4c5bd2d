"""Small drives with signs that come and go, for what cuts recordings into pieces."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive import draw_sign

FPS = 25
SIZE_WH = (320, 240)
KEYS_APART = 20
"""Frames from one key frame to the next."""

Argument = TypeVar("Argument")
Result = TypeVar("Result")

Passing = tuple[int, int, int, int]
"""First frame, frames, class id, and the row of the picture in which a sign stands."""


def pictures(count: int, signs: Sequence[Passing]) -> Iterator[NDArray[np.uint8]]:
    """A noisy wall that slowly moves, and signs that grow and leave to the right."""
    wall = np.random.default_rng(0).normal((150, 140, 130), 9, (SIZE_WH[1], 2 * SIZE_WH[0], 3)).clip(0, 255)
    for number in range(count):
        image = np.ascontiguousarray(np.roll(wall, -number, axis=1)[:, : SIZE_WH[0]].astype(np.uint8))
        for first, frames, class_id, row in signs:
            if first <= number < first + frames:
                _draw(image, class_id, (number - first) / frames, row)
        yield image


def _draw(image: NDArray[np.uint8], class_id: int, share: float, row: int) -> None:
    side = round(24 + 32 * share)
    x, y = round(120 + (image.shape[1] - 120) * share**2), row - side // 2
    sign = draw_sign(class_id, side)[:, : max(0, image.shape[1] - x)]
    alpha = sign[..., 3:] / 255
    patch = image[y : y + side, x : x + side]
    patch[:] = (alpha * sign[..., 2::-1] + (1 - alpha) * patch).astype(np.uint8)


def write_video(path: Path, images: Iterator[NDArray[np.uint8]]) -> Path:
    """H.264 as cameras write it, with frames that need later ones."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE_WH, "yuv420p"
        stream.options = {"g": str(KEYS_APART), "bf": "2", "crf": "18", "preset": "veryfast", "threads": "1"}
        for image in images:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        file.mux(stream.encode())
    return path


def write_pictures(folder: Path, images: Iterator[NDArray[np.uint8]]) -> Path:
    """The same as files."""
    folder.mkdir()
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / f"{number}.png"), image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return folder


class Inline:
    """Workers that are this process; they die where they are told to."""

    def __init__(self, dies: Callable[[object], bool] = lambda argument: False) -> None:
        self.at_once = 2
        self.died: tuple[type[BaseException], ...] = (MemoryError,)
        self.lost: tuple[type[BaseException], ...] = (ConnectionError,)
        self.done: list[object] = []
        """Arguments of every call."""
        self._dies = dies

    def submit(self, work: Callable[[Argument], Result], argument: Argument) -> "Future[Result]":
        self.done.append(argument)
        future: Future[Result] = Future()
        try:
            if self._dies(argument):
                raise MemoryError
            future.set_result(work(argument))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing is open."""
