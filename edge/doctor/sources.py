"""Cameras, streams and recordings: whether pictures come, and which."""

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np

from edge.doctor.finding import Finding, broken_by
from edge.errors import SourceError
from edge.sources import LiveSource, Source, SourceEvent, SourceOptions, open_source
from edge.sources.camera import camera_devices

PICTURES = 30
LOOK_S = 3.0
"""A source is looked at until so many pictures came, or for so long."""
PATIENCE_S = 20.0
"""Above all time-outs of opening and reading; what takes longer hangs."""
BLACK = 16
"""Of 255; a picture without a pixel above it shows nothing."""


@dataclass(slots=True)
class _Seen:
    """What was seen of a source."""

    pictures: int = 0
    size_wh: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    brightest: int = 0
    faults: list[str] = field(default_factory=list)


def check_source(spec: str, options: SourceOptions) -> Finding:
    """Open a source as a run would, and look at what it gives."""
    seen = _Seen()
    source: Source | None = None

    def note(event: SourceEvent) -> None:
        if event.fault is not None:  # a run would try again, for ever
            seen.faults.append(event.fault)
            if source is not None:
                source.interrupt()

    def look() -> None:
        try:
            assert source is not None
            _look(source, seen)
        except SourceError as error:
            seen.faults.append(str(error))

    try:
        source = open_source(spec, options=replace(options, report=note))
    except SourceError as error:
        return broken_by("source", error)
    thread = threading.Thread(target=look, name="doctor", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if thread.is_alive():
        mend = "check its driver and connection, and start it again"
        return Finding("source", "broken", f"{source.name} hangs: it did not answer for {PATIENCE_S:g} s", mend)
    source.close()
    if seen.pictures == 0:
        return broken_by("source", SourceError(seen.faults[0] if seen.faults else f"{source.name} gives no pictures"))
    return _judge(source, seen, options)


def check_cameras(options: SourceOptions) -> Finding:
    """Where no source is named: whether any camera of this machine could be read."""
    found = [check_source(f"/dev/{device}", options) for device in camera_devices()]
    good = [finding for finding in found if finding.state != "broken"]
    if good:
        return replace(good[0], found="; ".join(finding.found for finding in good))
    if found:
        return replace(found[0], state="warning")
    return Finding(
        "source", "warning", "no camera is connected", "connect one, or name a stream or recording as SOURCE"
    )


def _look(source: Source, seen: _Seen) -> None:
    """Take in pictures. Raises SourceError as the source does."""
    with closing(source.frames()) as frames:  # type: ignore[type-var]  # they are all generators
        began_s = time.monotonic()
        first_s = began_s
        for frame in frames:
            now_s = time.monotonic()
            if seen.pictures == 0:
                first_s = now_s
            seen.pictures += 1
            seen.seconds = now_s - first_s
            height, width = frame.image.shape[:2]
            seen.size_wh = (width, height)
            seen.brightest = max(seen.brightest, int(np.max(frame.image)))
            if seen.pictures >= PICTURES or now_s - began_s > LOOK_S:
                break


def _judge(source: Source, seen: _Seen, options: SourceOptions) -> Finding:
    width, height = seen.size_wh
    given = (source.given if isinstance(source, LiveSource) else None) or _recorded(source)
    rate = f", {(seen.pictures - 1) / seen.seconds:.1f} a second" if source.live and seen.seconds > 0 else ""
    pictures = f"{seen.pictures} picture{'s' * (seen.pictures != 1)}"
    found = f"{source.name} gives {given}; {pictures} of {width}x{height} came{rate}"
    asked = options.camera.size_wh
    if isinstance(source, LiveSource) and asked is not None and not given.startswith("{}x{}".format(*asked)):
        mend = f"ask for a size that it has; {asked[0]}x{asked[1]} was asked for"
        return Finding("source", "warning", found, mend)
    if seen.brightest < BLACK:
        return Finding("source", "warning", f"{found}, all black", "take the cap off, or correct --exposure")
    return Finding("source", "ok", found)


def _recorded(source: Source) -> str:
    """What a recording says of itself."""
    frames: Sequence[str] = [f"{source.frame_count} frames"] if source.frame_count else []
    return ", ".join([*frames, f"{source.fps:.4g} a second" if source.fps else "pictures"])
