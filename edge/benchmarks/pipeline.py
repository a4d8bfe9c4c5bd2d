"""The whole way of a frame, measured in a process of its own: ours, and a small YOLO on the same frames, in turns."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.benchmarks.laps import Beginning, Laps, MemorySource
from edge.benchmarks.pinned import answer
from edge.benchmarks.stages import StageClock, open_timed_reader
from edge.errors import SourceError
from edge.frame import Frame
from edge.frame_reader import FrameReader, open_reader
from edge.loop import process
from edge.messages import FrameMessage, encode
from edge.outputs import Outputs
from edge.progress import Report
from edge.reader import SignReader
from edge.sources import CapturedSource, open_source
from edge.timing import shares, take_turns, time_calls
from models.backends import Backend

LOOP, ALONE = "loop", "alone"
"""Our two measures: frames one behind the other through the loop of `signwatch process`, and each by itself."""
SIDES_PX = (640, 1280)
SMALL_CALLS, LARGE_CALLS = 3, 1
"""Of a YOLO on a side of 640 and of 1280 px, each time that it is its turn."""
RECORDING_ROUNDS = 3
EXTRA = "pip install 'signwatch[bench]'"

Image = NDArray[np.uint8]


def measure(
    source: str,
    stills: bool,
    frames: int,
    rounds: int,
    peers: bool,
    recording: bool,
    weights: str,
    backend: Backend,
    threads: int,
    report: Report,
) -> dict[str, Any]:
    """Figures of at most so many frames of a source, which are decoded beforehand and read again and again.

    `threads` are the peers'; `recording` measures the source's reading from its file too. Raises SourceError where it
    gives no frames.
    """
    decoded = _decoded(source, frames)
    height, width = decoded[0].image.shape[:2]
    clock = StageClock()
    confirmed: set[int] = set()
    plain, timed = open_reader(Path(weights), backend), open_timed_reader(Path(weights), backend, clock)
    try:
        measures: dict[str, Callable[[], Sequence[float]]] = {
            LOOP: partial(_loop_ms, Laps(decoded, partial(SignReader, plain, source, stills=stills)), confirmed),
            ALONE: partial(_alone_ms, Laps(decoded, partial(SignReader, timed, source, stills=stills)), clock),
        }
        yolos, left_out = open_peers((width, height), decoded, threads) if peers else ({}, {})
        for warm_up in (*measures.values(), *yolos.values()):
            warm_up()
        clock.frames_ms.clear()
        used_ms: dict[str, list[float]] = {name: [] for name in measures | yolos}
        weighed = {
            name: partial(_weighed, one, used_ms[name], name == LOOP) for name, one in (measures | yolos).items()
        }
        taken = take_turns(weighed, rounds, report)
        figures = _figures(taken, used_ms, list(yolos)) | {"stages_ms": clock.medians_ms(), "left_out": left_out}
        if recording:
            figures["recording"] = _recording(source, len(decoded), plain, stills)
    finally:
        plain.close()
        timed.close()
    return figures | {
        "size": [width, height],
        "frames": len(decoded),
        "measured": len(taken[LOOP]),
        "confirmed": len(confirmed),
        "backend": plain.backend,
        "precision": _precision(figures["peers"]),
    }


def _decoded(spec: str, count: int) -> list[Frame]:
    with Beginning(open_source(spec), count) as source:
        decoded = list(source.frames())
    if len(decoded) < 2:
        raise SourceError(f"{spec}: has {len(decoded)} frames; give two or more")
    return decoded


def _loop_ms(laps: Laps, confirmed: set[int]) -> list[float]:
    """Between each message and the next, by the loop that recordings are read with."""
    frames, signs = laps.part()
    moments: list[float] = []

    def note(message: FrameMessage) -> None:
        moments.append(time.perf_counter())
        confirmed.update(sign.class_id for sign in message.signs if sign.state == "confirmed")

    with CapturedSource(MemorySource(frames)) as source, Outputs() as outputs:
        process(source, signs, outputs, also=note)
    return [1e3 * (after - before) for before, after in pairwise(moments)]


def _alone_ms(laps: Laps, clock: StageClock) -> list[float]:
    """From each frame to its message as it goes out, one by one."""
    frames, signs = laps.part()
    taken = []
    for frame in frames:
        clock.begin()
        message = signs.read(frame)
        clock.mark("track")
        encode(message)
        clock.mark("encode")
        taken.append(clock.end())
    return taken


def open_peers(
    size_wh: tuple[int, int], frames: Sequence[Frame], threads: int
) -> tuple[dict[str, Callable[[], Sequence[float]]], dict[str, str]]:
    """What measures each YOLO that can run here, by name, and why the others can't."""
    left_out: dict[str, str] = {}
    measures: dict[str, Callable[[], Sequence[float]]] = {}
    try:
        import onnx  # noqa: F401
    except ImportError:
        return {}, {"yolo11n": f"its graph needs onnx: {EXTRA}"}
    from edge.benchmarks.yolo import Yolo, fitted, onnxruntime_network, openvino_network

    images = [frame.image for frame in frames]
    for runtime, opening in (("onnxruntime", onnxruntime_network), ("openvino", openvino_network)):
        try:
            for side in SIDES_PX:
                for shape in dict.fromkeys([(side, side), fitted(size_wh, side)]):
                    name = f"{side}" if shape == (side, side) else f"{shape[0]}x{shape[1]}"
                    yolo = Yolo(opening, shape, threads)
                    calls = SMALL_CALLS if side == SIDES_PX[0] else LARGE_CALLS
                    measures[f"yolo11n-{runtime}-{name}"] = partial(_yolo_ms, yolo.read, images, calls)
        except ImportError:
            left_out[f"yolo11n-{runtime}"] = f"{runtime} isn't installed: {EXTRA}"
    return measures, left_out


def _precision(peers: Iterable[str]) -> dict[str, str]:
    """What each runtime computes in: ONNX Runtime in what the graph says, OpenVINO in what suits the processor."""
    runtimes = {peer.split("-")[1] for peer in peers}
    precision = {"onnxruntime": "f32"} if "onnxruntime" in runtimes else {}
    if "openvino" in runtimes:
        from edge.benchmarks.yolo import openvino_precision

        precision["openvino"] = openvino_precision()
    return precision


def _yolo_ms(read: Callable[[Image], object], images: list[Image], calls: int) -> list[float]:
    images.append(images.pop(0))  # another one each time
    return time_calls(lambda: read(images[0]), calls)


def _weighed(measure: Callable[[], Sequence[float]], used_ms: list[float], between: bool) -> Sequence[float]:
    """What a measure gives; the processor time of all cores for each frame is noted.

    Its times are of frames, or `between` frames, which are one more.
    """
    began_s = time.process_time()
    taken = measure()
    used_ms.append(1e3 * (time.process_time() - began_s) / (len(taken) + between))
    return taken


def _figures(
    taken: dict[str, NDArray[np.float64]], used_ms: dict[str, list[float]], peers: list[str]
) -> dict[str, Any]:
    rows = {name: _rated(shares(taken[name]), used_ms[name]) for name in peers}
    ours = _rated(shares(taken[LOOP]), used_ms[LOOP])
    return ours | {
        "latency_ms": {name.removeprefix("ms_"): value for name, value in shares(taken[ALONE]).items()},
        "peers": {name: row["frames_per_second"] for name, row in rows.items()},
        "peer_rows": rows,
        "times_peers": {
            name: round(ours["frames_per_second"] / row["frames_per_second"], 2) for name, row in rows.items()
        },
    }


def _rated(row: dict[str, float], used_ms: list[float]) -> dict[str, float]:
    rate = {"frames_per_second": round(1e3 / row["ms_median"], 2)}
    return rate | row | {"cpu_ms_median": round(float(np.median(used_ms)), 4)}


def _recording(spec: str, count: int, reader: FrameReader, stills: bool) -> dict[str, Any]:
    """Frames a second of decoding alone and of all that `signwatch process` does, in turns."""

    def decode() -> None:
        with Beginning(open_source(spec), count) as source:
            for _ in source.frames():
                pass

    def read() -> None:
        with CapturedSource(Beginning(open_source(spec), count)) as source, Outputs() as outputs:
            process(source, SignReader(reader, spec, stills=stills), outputs)

    measures = {name: partial(time_calls, function, 1) for name, function in (("decode", decode), ("read", read))}
    taken = take_turns(measures, RECORDING_ROUNDS, lambda done, of: None)
    decoding, reading = (count / np.median(taken[name]) * 1e3 for name in measures)
    return {
        "frames": count,
        "decoding_frames_per_second": round(float(decoding), 2),
        "frames_per_second": round(float(reading), 2),
        "of_decoding": round(float(reading / decoding), 3),
    }


if __name__ == "__main__":
    answer(measure)
