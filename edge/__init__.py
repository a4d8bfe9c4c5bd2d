"""The program on the vehicle, from the camera to the wire.

A control process imports only what stands here. It brings in neither OpenCV nor the detector
nor the classifier, so it starts at once and stays small.
"""

from edge.errors import (
    FetchError,
    MessageError,
    ReportError,
    SignwatchError,
    SinkError,
    SourceError,
    SourceTruncated,
    WireError,
)
from edge.messages import FrameMessage, Latency, Sign
from edge.subscriber import SignSubscriber

__all__ = [
    "FetchError",
    "FrameMessage",
    "Latency",
    "MessageError",
    "ReportError",
    "Sign",
    "SignSubscriber",
    "SignwatchError",
    "SinkError",
    "SourceError",
    "SourceTruncated",
    "WireError",
]
