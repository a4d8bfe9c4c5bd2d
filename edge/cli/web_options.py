"""What the commands that serve HTTP have in common: the extra they need, keys, and how far they reach."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.operation_options import Endpoint
from edge.errors import WireError
from edge.publisher import is_local

if TYPE_CHECKING:
    from socket import socket

    from edge.service.api_keys import ApiKey
    from edge.service.console import Console
    from edge.service.settings import Access

WEB_MODULES = ("fastapi", "httptools", "python_multipart", "simplejpeg", "uvicorn", "uvloop")

api_keys_option = click.option(
    "--api-keys",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Answer only who has one of these keys, which `signwatch keys NAME --api FILE` makes.",
)
console_option = click.option(
    "--console",
    type=Endpoint(),
    help="Serve a page there that shows what is seen and read, on this machine alone if no HOST is given; wants "
    "--api-keys or --insecure for others. Port 0 takes a free one.",
)
web_insecure_option = click.option("--insecure/--no-insecure", help="Let other machines ask without keys.")


def require_web(what: str) -> None:
    """Raise WireError, with the mend, where the extra `web` isn't installed."""
    missing = [module for module in WEB_MODULES if find_spec(module) is None]
    if missing:
        raise WireError(f"{what} needs {', '.join(missing)}, which is not installed: pip install 'signwatch[web]'")


def check_reach(
    what: str, host: str, port: int, api_keys: Path | None, hosts: tuple[str, ...], *, insecure: bool
) -> tuple[tuple[ApiKey, ...], tuple[str, ...] | None]:
    """The keys that are asked for, and the names that are served; None for any name.

    Raises WireError where other machines could ask without keys, or the file of keys can't be used.
    """
    from edge.service.api_keys import read_api_keys
    from edge.service.gate import LOOPBACK_NAMES

    local = is_local(f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")
    if not local and api_keys is None and not insecure:
        raise WireError(
            f"{what} on {host}:{port} can be reached from other machines; give --api-keys (`signwatch keys NAME --api "
            "FILE`), serve on 127.0.0.1, or allow it with --insecure"
        )
    keys = () if api_keys is None else read_api_keys(api_keys)
    if not local and not hosts:
        return keys, None
    return keys, (*LOOPBACK_NAMES, *hosts)


def listen_for_console(endpoint: tuple[str, int], api_keys: Path | None, *, insecure: bool) -> tuple[socket, Access]:
    """Where the console of a live run is served, and who may look. Raises WireError where that can't be."""
    require_web("--console")
    from edge.service.binding import bind
    from edge.service.settings import Access

    host, port = endpoint
    keys, names = check_reach("the console", host, port, api_keys, (), insecure=insecure)
    return bind(host, port), Access(keys=keys, hosts=names)


def open_console(endpoint: tuple[str, int], api_keys: Path | None, weights: Path, *, insecure: bool) -> Console:
    """Serve the console of a live run at an endpoint; close it. Raises WireError where that can't be."""
    listening, access = listen_for_console(endpoint, api_keys, insecure=insecure)
    from edge.service.console import Console
    from edge.service.console_feed import ConsoleFeed

    return Console(ConsoleFeed(), weights, listening, access)
