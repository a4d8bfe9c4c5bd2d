"""Where a remote classifier is and how it may be asked: `kserve+grpc://HOST:PORT/MODEL?timeout=250`."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args
from urllib.parse import SplitResult, parse_qsl, urlsplit

from edge.publisher import is_local
from models.backends import Backend

T = TypeVar("T")

Protocol = Literal["kserve+grpc", "tfserving+grpc", "tfserving+http"]
"""The Open Inference Protocol over gRPC; TensorFlow Serving's PredictionService over gRPC, and its REST shape."""

ENCRYPTED: dict[str, Protocol] = {
    "kserve+grpcs": "kserve+grpc",
    "tfserving+grpcs": "tfserving+grpc",
    "tfserving+https": "tfserving+http",
}
DEFAULT_TIMEOUT_MS = 250.0
"""A batch of 64 crops takes a server some 5 to 50 ms; whoever waits longer has no use for a frame any more."""
LONGEST_TIMEOUT_MS = 60_000.0
FALLBACKS: dict[str, Backend | None] = {"auto": "auto", "litert": "litert", "litert-int8": "litert-int8", "none": None}
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SETTINGS = ("timeout", "fallback", "plaintext", "ca", "cert", "key")


@dataclass(frozen=True, slots=True)
class RemoteAddress:
    """One model on one server; `str()` is the place alone, without the settings."""

    protocol: Protocol
    host: str
    """Without brackets."""
    port: int
    model: str
    timeout_s: float = DEFAULT_TIMEOUT_MS / 1e3
    """For one batch, all tries together."""
    fallback: Backend | None = "auto"
    """What answers where the server doesn't; None where nothing else may."""
    encrypted: bool = False
    authorities: Path | None = None
    """Certificates (PEM) of who may vouch for the server; those of the system where none are given."""
    identity: tuple[Path, Path] | None = None
    """Certificate and key (PEM) that this client shows."""

    def __str__(self) -> str:
        return f"{self.protocol}{'s' if self.encrypted else ''}://{self.place}/{self.model}"

    @property
    def place(self) -> str:
        """`HOST:PORT`, a host of IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> RemoteAddress:
    """Read `SCHEME://HOST:PORT/MODEL[?SETTINGS]`.

    Settings, joined by `&`: `timeout` in ms; `fallback`, one of auto, litert, litert-int8 and none; `ca`, `cert` and
    `key`, files of an encrypted connection; `plaintext=yes`, which allows other machines without one.

    Raises ValueError, in words for the user, where it is none or would send pictures unprotected to another machine.
    """
    scheme, _, _ = text.partition("://")
    protocol = ENCRYPTED.get(scheme, scheme)
    if protocol not in get_args(Protocol):
        known = ", ".join((*get_args(Protocol), *ENCRYPTED))
        raise ValueError(f"{scheme}:// is no protocol of a remote classifier; there are {known}")
    parts, port = _split(text)
    if parts.hostname is None or not port or parts.username is not None:
        raise ValueError(f"{scheme}:// wants HOST:PORT/MODEL after it")
    model = parts.path.removeprefix("/")
    if not _MODEL.fullmatch(model) or parts.fragment:
        raise ValueError(f"{scheme}://{parts.netloc}/ wants a model's name after it: letters, digits, `.`, `_` and `-`")
    settings = _settings(parts.query)
    encrypted = scheme in ENCRYPTED
    address = RemoteAddress(
        protocol,  # type: ignore[arg-type]  # checked above
        parts.hostname,
        port,
        model,
        _timeout_s(settings.get("timeout")),
        _choice("fallback", settings.get("fallback", "auto"), FALLBACKS),
        encrypted,
        Path(settings["ca"]) if "ca" in settings else None,
        _identity(settings),
    )
    plaintext = _choice("plaintext", settings.get("plaintext", "no"), {"yes": True, "no": False})
    if not encrypted and (address.authorities or address.identity):
        raise ValueError(f"ca, cert and key are for an encrypted connection: {protocol}s://")
    if not (encrypted or plaintext or is_local(f"tcp://{address.place}")):
        raise ValueError(
            f"{address} is another machine: whoever is in between could read the pictures and change the signs; "
            f"use {protocol}s://, or allow it with ?plaintext=yes"
        )
    return address


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError as error:
        raise ValueError(f"{text.partition('?')[0]} is no address ({error})") from None


def _settings(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    settings = dict(pairs)
    unknown = sorted(settings.keys() - set(_SETTINGS))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no setting of a remote classifier; there are {', '.join(_SETTINGS)}")
    if len(pairs) > len(settings):
        raise ValueError("a setting of a remote classifier is given twice")
    return settings


def _timeout_s(value: str | None) -> float:
    if value is None:
        return DEFAULT_TIMEOUT_MS / 1e3
    try:
        milliseconds = float(value)
    except ValueError:
        milliseconds = math.nan
    if not 1 <= milliseconds <= LONGEST_TIMEOUT_MS:
        raise ValueError(f"timeout={value}: takes milliseconds, 1 to {LONGEST_TIMEOUT_MS:.0f}")
    return milliseconds / 1e3


def _choice(name: str, value: str, choices: dict[str, T]) -> T:
    if value not in choices:
        raise ValueError(f"{name}={value}: takes {', '.join(choices)}")
    return choices[value]


def _identity(settings: dict[str, str]) -> tuple[Path, Path] | None:
    if ("cert" in settings) != ("key" in settings):
        raise ValueError("cert and key belong together")
    return (Path(settings["cert"]), Path(settings["key"])) if "cert" in settings else None
