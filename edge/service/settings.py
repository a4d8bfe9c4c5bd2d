"""What a service is told when it starts. All of it can be handed to another process."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge.service.api_keys import ApiKey
from models.backends import Backend
from models.weights_record import BUILT_IN

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything one request may take."""

    body_bytes: int = 16 * 2**20
    """Of a request, several pictures together."""
    pixels: int = 40_000_000
    """Of one picture, as its head claims them; JPEGs that are much larger than needed are decoded smaller."""
    pictures: int = 64
    """In one request."""
    seconds: float = 60.0
    """From a request's head to its answer. The first scene of an installation compiles, which takes a part of it."""
    at_once: int = 256
    """Requests that are being answered; more are turned away."""
    waiting_scenes: int = 16
    """Large pictures that wait for their turn; more are turned away."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask, and how often."""

    keys: tuple[ApiKey, ...] = ()
    """None of them lets everybody in."""
    per_second: float | None = None
    """Requests of one key or, without keys, of one address; None for any number."""
    burst: int = 20
    """Requests that may come at once after a rest."""
    hosts: tuple[str, ...] | None = None
    """Names under which browsers may reach the service, without port; None for any. On loopback it keeps foreign pages
    out that point a name of their own at this machine (DNS rebinding)."""
    origins: tuple[str, ...] = ()
    """Other sites whose pages may read the answers (CORS)."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One service."""

    weights: Path = BUILT_IN
    backend: "Backend | RemoteAddress" = "auto"
    threads: int = 1
    """LiteRT's, in each worker."""
    scenes: bool = True
    """Whether whole pictures are searched for signs; the reader for it takes some 170 MB once it is used."""
    log_json: bool = False
    """Whether what happens is logged as one JSON object a line."""
    limits: Limits = field(default_factory=Limits)
    access: Access = field(default_factory=Access)
