"""gRPC as both protocols use it: one channel, calls that end in time, failures in words."""

import os
import ssl
from typing import Any

# What fails is told by whoever asked; gRPC's own lines on standard error would come on top. It reads this only once.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

from edge.remote.address import RemoteAddress
from edge.remote.calls import MOST_ANSWER_BYTES, CallFailed
from models.errors import ModelError

RECONNECT_MS = (100, 1000)
"""Waits between tries to connect, first and longest: a server that comes back is used again within a second."""
_REFUSALS = {
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
}


class GrpcCalls:
    """One method of one server.

    Args:
        address: Where it is.
        method: Its full name, `/package.Service/Method`.
        answer: Class of the message that it answers with.
    """

    def __init__(self, address: RemoteAddress, method: str, answer: Any) -> None:
        options = [
            # What is tried again, and how often, is decided in one place for all protocols.
            ("grpc.enable_retries", 0),
            ("grpc.max_receive_message_length", MOST_ANSWER_BYTES),
            ("grpc.initial_reconnect_backoff_ms", RECONNECT_MS[0]),
            ("grpc.min_reconnect_backoff_ms", RECONNECT_MS[0]),
            ("grpc.max_reconnect_backoff_ms", RECONNECT_MS[1]),
            # Where a name stands for several servers, calls are shared out among them.
            ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
            # Proxies are for web pages; a proxy of the environment would get the pictures.
            ("grpc.enable_http_proxy", 0),
        ]
        if address.encrypted:
            self._channel = grpc.secure_channel(address.place, _credentials(address), options)
        else:
            self._channel = grpc.insecure_channel(address.place, options)
        self._call = self._channel.unary_unary(
            method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )

    def ask(self, request: Any, timeout_s: float) -> Any:
        """The answer to a request. Raises CallFailed."""
        try:
            return self._call(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise _failed(error, timeout_s) from None
        except ValueError:  # what gRPC raises of a channel that another thread has closed
            raise CallFailed("was left") from None

    def close(self) -> None:
        """End the connection."""
        self._channel.close()


def _failed(error: Any, timeout_s: float) -> CallFailed:
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return CallFailed(f"doesn't answer within {timeout_s * 1e3:.0f} ms")
    if code is grpc.StatusCode.UNAVAILABLE:
        return CallFailed(f"can't be reached ({details.rpartition('last error: ')[2]})", retry=True)
    if code in _REFUSALS:
        return CallFailed(f"refuses ({code.name}: {details})", lasting=True)
    return CallFailed(f"fails ({code.name}: {details})")


def _credentials(address: RemoteAddress) -> grpc.ChannelCredentials:
    try:
        # Those of the system, and not the ones that gRPC brings along, as everywhere else.
        context = ssl.create_default_context()
        certificates = (
            address.authorities.read_bytes()
            if address.authorities
            else "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True))).encode()
        )
        certificate, key = (file.read_bytes() for file in address.identity) if address.identity else (None, None)
    except OSError as error:
        raise ModelError(f"{error.filename}: can't be read ({error.strerror})") from error
    return grpc.ssl_channel_credentials(certificates or None, key, certificate)
