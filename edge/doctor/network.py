"""OpenCV, weights and backend: whether they load here, and read a sign."""

import time
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.doctor.finding import Finding, broken_by
from edge.errors import RemoteError
from models.backends import Backend
from models.errors import DataError, ModelError
from models.quiet import quiet_native_code

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress
    from models.classifier import Classifier

STOP = 14
"""A sign of the package's own catalogue that is easily drawn and read."""
STOP_CONFIDENCE = 0.9
GREY = 120
TIMED_CROPS = 64
TIMED_CALLS = 5


def check_opencv() -> Finding:
    """Whether OpenCV can be imported, which needs libraries of the system."""
    try:
        import cv2
    except ImportError as error:
        mend = "install them; on Debian or Ubuntu: apt-get install libgl1 libglib2.0-0"
        return Finding("opencv", "broken", f"OpenCV lacks libraries of the system ({error})", mend)
    return Finding("opencv", "ok", f"OpenCV {cv2.__version__}")


def check_network(weights: Path, backend: "Backend | RemoteAddress") -> list[Finding]:
    """Load weights, and have the backend read one batch of crops; of a server, without anything that stands in."""
    from edge.classifiers import open_classifier
    from models.weights_record import catalogue_of

    try:
        catalogue = catalogue_of(weights)
        with quiet_native_code():  # TensorFlow greets
            asked = backend if isinstance(backend, str) else replace(backend, fallback=None)
            classifier, remote = open_classifier(catalogue, weights, asked)
    except (ModelError, DataError) as error:
        return [broken_by("weights", error)]
    except RemoteError as error:
        return [_server_broken(error)]
    with closing(remote) if remote else nullcontext():
        return _check_answers(classifier, weights)


def _check_answers(classifier: "Classifier", weights: Path) -> list[Finding]:
    """Whether it computes, and reads a drawn sign where it knows it."""
    from models.catalogue import load_catalogue

    record = classifier.record
    findings = [
        Finding("weights", "ok", f"{weights}: {record.sign_classes} signs, catalogue {record.catalogue_digest}")
    ]
    knows_stop = record.catalogue_digest == load_catalogue().digest
    crops = np.repeat(_stop_crop(record.crop_size_px, record.crop_margin)[None], TIMED_CROPS, axis=0)
    try:
        with quiet_native_code():
            probabilities = classifier.probabilities(crops)
        taken_ms = []
        for _ in range(TIMED_CALLS):
            started_s = time.perf_counter()
            classifier.probabilities(crops)
            taken_ms.append(1e3 * (time.perf_counter() - started_s))
    except RemoteError as error:
        return [*findings, _server_broken(error)]
    except Exception as error:  # whatever a run-time raises on a processor that it doesn't like
        mend = "choose another --backend, or install Signwatch anew"
        return [*findings, Finding("backend", "broken", f"{classifier.backend} can't compute here ({error})", mend)]
    found = f"{classifier.backend}: {TIMED_CROPS} crops in {np.median(taken_ms):.1f} ms"
    if not np.isfinite(probabilities).all() or (knows_stop and probabilities[0, STOP] < STOP_CONFIDENCE):
        mend = "choose another --backend, or install Signwatch anew"
        return [*findings, Finding("backend", "broken", f"{found}, but it does not read a drawn stop sign", mend)]
    read = f", a drawn stop sign read with {probabilities[0, STOP]:.1%}" if knows_stop else ""
    return [*findings, Finding("backend", "ok", found + read)]


def _server_broken(error: RemoteError) -> Finding:
    mend = (
        "start it, mend the address or give it more time (?timeout=MS); a run goes on with the network in its own "
        "process where that is allowed"
    )
    return Finding("backend", "broken", str(error), mend)


def _stop_crop(size_px: int, margin: float) -> NDArray[np.uint8]:
    """A stop sign before grey, cut as the network expects it: (size, size, 3) uint8 BGR."""
    import cv2

    from edge.sample_drive.drawings import draw_sign

    large_px = 8 * size_px
    sign_px = round(large_px / (1 + 2 * max(margin, 0.0)))
    drawn = draw_sign(STOP, sign_px).astype(np.float32)
    opacity = drawn[..., 3:] / 255
    canvas = np.full((large_px, large_px, 3), GREY, np.float32)
    start = (large_px - sign_px) // 2
    place = canvas[start : start + sign_px, start : start + sign_px]
    place[:] = opacity * drawn[..., 2::-1] + (1 - opacity) * place
    return np.asarray(cv2.resize(canvas, (size_px, size_px), interpolation=cv2.INTER_AREA).round(), np.uint8)
