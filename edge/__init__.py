"""The program on the vehicle, from the camera to the wire.

A control process imports only what stands here. It brings in neither OpenCV nor the detector
nor the classifier, so it starts at once and stays small.
"""

from edge.async_subscriber import AsyncSignSubscriber
from edge.curve import KeyPair, SubscriberKeys
from edge.errors import (
    BenchError,
    FetchError,
    MessageError,
    RemoteError,
    ReportError,
    SignwatchError,
    SinkError,
    SourceError,
    SourceTruncated,
    WireError,
)
from edge.inbox import Limits
from edge.messages import FrameMessage, HealthMessage, InfoMessage, Latency, Sign, SignMessage
from edge.state_message import ComingSign, DriveState, Rule, StateMessage
from edge.subscriber import SignSubscriber

__all__ = [
    "AsyncSignSubscriber",
    "BenchError",
    "ComingSign",
    "DriveState",
    "FetchError",
    "FrameMessage",
    "HealthMessage",
    "InfoMessage",
    "KeyPair",
    "Latency",
    "Limits",
    "MessageError",
    "RemoteError",
    "ReportError",
    "Rule",
    "Sign",
    "SignMessage",
    "SignSubscriber",
    "SignwatchError",
    "SinkError",
    "SourceError",
    "SourceTruncated",
    "StateMessage",
    "SubscriberKeys",
    "WireError",
]
