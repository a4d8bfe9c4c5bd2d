"""`signwatch bench recording`: what recording everything costs a frame."""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from edge.cli.live_options import Size
from edge.cli.options import json_option
from edge.frame import Frame
from edge.machine import machine_facts, machine_line, versions
from edge.messages import FRAME_TOPIC, FrameMessage, Latency, encode
from edge.progress import progress_bar
from edge.recording.layout import IMAGE_SCHEMA
from edge.recording.reader import Recording
from edge.recording.recorder import Recorder
from edge.recording.settings import RecordingSettings
from edge.sample_drive import SampleDrive

PICTURES = 12
"""That are drawn, and recorded in turns."""
DRIVE_FPS = 5.0
DRIVE_SEED = 7


@click.command("recording")
@click.option("--seconds", type=click.FloatRange(1, 3600), default=10.0, show_default=True, help="Recorded time.")
@click.option("--fps", type=click.FloatRange(1, 240), default=30.0, show_default=True)
@click.option("--size", type=Size(), default="1280x720", show_default=True)
@click.option("--quality", type=click.IntRange(1, 100), default=90, show_default=True, help="Of the JPEGs.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False, exists=True), help="On the disk that is recorded to."
)
@json_option
def command(
    seconds: float, fps: float, size: tuple[int, int], quality: int, folder: Path | None, as_json: bool
) -> None:
    """Processor time of recording a frame: JPEG, JSON, compression, checksum, and having it on the disk.

    The sample drive's frames and their messages are handed over at their own pace; nothing is detected meanwhile.
    """
    drive = SampleDrive(DRIVE_SEED, size=size, fps=DRIVE_FPS, seconds=PICTURES / DRIVE_FPS)
    images = []
    with progress_bar("drawing", PICTURES) as report:
        for image, _ in drive.frames():
            images.append(image)
            report(len(images), PICTURES)
    with TemporaryDirectory(dir=folder) as inner:
        facts = _measure(images, RecordingSettings(Path(inner), everything=True, jpeg_quality=quality), seconds, fps)
    facts |= {"seconds": seconds, "fps": fps, "size": list(size), "quality": quality, "machine": machine_facts()}
    facts["versions"] = versions()
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"{facts['cpu_ms_per_frame']:.2f} ms of processor time a frame, {facts['kb_per_frame']:.0f} kB on the disk"
    )
    click.echo(
        f"handing over: {facts['hand_over_us']['median']:.0f} µs at the median, {facts['hand_over_us']['p99']:.0f} µs "
        "at the 99th percentile"
    )
    click.echo(f"{facts['recorded']} messages and pictures recorded, {facts['unrecorded']} left out")
    click.echo(f"{size[0]}x{size[1]} at {fps:g} frames/s; {machine_line(facts)}")


def _measure(
    images: list[NDArray[np.uint8]], settings: RecordingSettings, seconds: float, fps: float
) -> dict[str, Any]:
    taken_us = []
    with Recorder(settings, lambda line: click.echo(line, err=True)) as recorder:
        begun_s, begun_cpu_s = time.monotonic(), time.process_time()
        count = max(1, round(seconds * fps))
        for number in range(count):
            time.sleep(max(0.0, begun_s + number / fps - time.monotonic()))
            image = images[number % len(images)]
            frame = Frame(image, number, time.time_ns(), time.monotonic_ns(), None, None)
            message = _message(frame)
            payload = encode(message)
            before_s = time.perf_counter()
            recorder.note(FRAME_TOPIC, payload)
            recorder.keep(frame, message)
            taken_us.append(1e6 * (time.perf_counter() - before_s))
    cpu_s = time.process_time() - begun_cpu_s
    files = list(settings.folder.glob("*.mcap"))
    pictures = sum(message.schema == IMAGE_SCHEMA for path in files for message in Recording(path).messages())
    written = sum(path.stat().st_size for path in files)
    return {
        "cpu_ms_per_frame": round(1e3 * cpu_s / max(pictures, 1), 3),
        "kb_per_frame": round(written / max(pictures, 1) / 1e3, 1),
        "hand_over_us": {
            "median": round(float(np.median(taken_us)), 1),
            "p90": round(float(np.percentile(taken_us, 90)), 1),
            "p99": round(float(np.percentile(taken_us, 99)), 1),
        },
        "recorded": recorder.recorded,
        "unrecorded": recorder.unrecorded,
    }


def _message(frame: Frame) -> FrameMessage:
    height, width = frame.image.shape[:2]
    return FrameMessage(
        source="bench",
        session="bench",
        seq=frame.number,
        frame=frame.number,
        file=None,
        captured_ns=frame.captured_ns,
        published_ns=frame.captured_ns,
        media_s=None,
        size=(width, height),
        dropped=0,
        degraded=(),
        latency_ms=Latency(0.0, 0.0, 0.0),
        signs=(),
    )
