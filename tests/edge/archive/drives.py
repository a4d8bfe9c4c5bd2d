"""Small drives with signs that come and go, for what cuts recordings into pieces."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

import av
import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.archive.finding import find_recordings
from edge.archive.memory import Memory
from edge.archive.piece import Job
from edge.archive.run import ArchiveRun, Counts
from edge.archive.settings import Settings
from edge.archive.summary import Finished
from edge.archive.workers import Workers
from edge.sample_drive import draw_sign
from models.weights_record import BUILT_IN

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


class Troubled:
    """Workers of a kind that segfault over recordings whose name says so, a stand-in for a decoder that does, and that
    wait with those that shall wait until a file is there.
    """

    def __init__(self, workers: Workers, gate: Path | None = None) -> None:
        self._workers = workers
        self._gate = gate
        self.at_once, self.died, self.lost = workers.at_once, workers.died, workers.lost

    def submit(self, work: Callable[[Argument], Result], argument: Argument) -> "Future[Result]":
        return self._workers.submit(partial(in_trouble, self._gate, work), argument)

    def close(self) -> None:
        self._workers.close()


def in_trouble(gate: Path | None, work: Callable[[Argument], Result], argument: Argument) -> Result:
    if isinstance(argument, Job) and "crashes" in argument.recording.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if isinstance(argument, Job) and "waits" in argument.recording.name:
        while gate and not gate.exists():
            time.sleep(0.05)
    return work(argument)


def settings(piece_s: float, camera_file: Path | None = None) -> Settings:
    """Of the package's own weights."""
    return Settings(str(BUILT_IN), "auto", str(camera_file) if camera_file else None, "any", piece_s)


def read_archive(
    sources: Sequence[Path], out: Path, piece_s: float, workers: Workers, camera_file: Path | None = None
) -> tuple[Counts, dict[str, Finished]]:
    """One run, and all that its memory then holds, by the names of the files."""
    with Memory(out) as memory:
        run = ArchiveRun(memory, workers, settings(piece_s, camera_file), lambda text: None)
        run.go(find_recordings(map(str, sources)))
        found = {Path(name).name: finished for name, finished in memory.all_finished()}
    return run.counts, found


def without_times(finished: Finished) -> Finished:
    """What must be the same however it was read."""
    return msgspec.structs.replace(finished, processing_s=0.0)
