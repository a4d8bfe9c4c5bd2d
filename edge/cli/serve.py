"""`signwatch serve`: the web service and its page."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.config import config_option
from edge.cli.operation_options import HIGHEST_PORT, LOOPBACK, log_json_option
from edge.cli.options import any_backend_option, weights_option
from edge.cli.web_options import api_keys_option, check_reach, require_web, web_insecure_option
from edge.run_log import RunLog
from models.backends import Backend
from models.weights_record import BUILT_IN

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress

DEFAULT_PORT = 8080
MB = 10**6


@click.command("serve")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to serve on.")
@click.option(
    "--port", type=click.IntRange(0, HIGHEST_PORT), default=DEFAULT_PORT, show_default=True, help="0 takes a free one."
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer.")
@api_keys_option
@web_insecure_option
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Requests a second of one key or address, in each worker; any number if not given.",
)
@click.option("--burst", type=click.IntRange(1), default=20, show_default=True, help="Requests beyond --rate at once.")
@click.option(
    "--max-bytes", type=click.IntRange(1024, 2**30), default=16 * 2**20, show_default=True, help="Of a request."
)
@click.option(
    "--max-pixels", type=click.IntRange(1024, 500 * MB), default=40 * MB, show_default=True, help="Of a picture."
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name that browsers may reach it under, beside this machine's own; may be repeated.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="A site whose pages may ask (CORS), such as https://example.org; may be repeated.",
)
@click.option(
    "--trust-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="A proxy that is believed who the client is (X-Forwarded-For); may be repeated.",
)
@click.option(
    "--scenes/--no-scenes",
    default=True,
    show_default=True,
    help="Search whole pictures for signs; takes 170 MB more once it is used.",
)
@weights_option
@any_backend_option
@log_json_option
@config_option()
def command(
    host: str,
    port: int,
    workers: int,
    api_keys: Path | None,
    insecure: bool,
    rate: float | None,
    burst: int,
    max_bytes: int,
    max_pixels: int,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    proxies: tuple[str, ...],
    scenes: bool,
    weights: Path | None,
    backend: "Backend | RemoteAddress",
    log: RunLog,
) -> None:
    """Serve a page that reads the signs in pictures, and the HTTP interface behind it.

    The page is at /, the interface is described at /docs. Only this machine is served unless --host says otherwise,
    which needs --api-keys or --insecure. Ctrl-C and SIGTERM end it after the requests under way.
    """
    require_web("serve")
    from edge.service.binding import address_of, bind
    from edge.service.server import serve
    from edge.service.settings import Access, Limits, ServiceSettings

    keys, names = check_reach("pictures", host, port, api_keys, hosts, insecure=insecure)
    settings = ServiceSettings(
        weights=weights or BUILT_IN,
        backend=backend,
        log_json=log.as_json,
        threads=max(1, len(os.sched_getaffinity(0)) // workers),
        scenes=scenes,
        limits=Limits(body_bytes=max_bytes, pixels=max_pixels),
        access=Access(keys=keys, per_second=rate, burst=burst, hosts=names, origins=origins),
    )
    listening = bind(host, port)
    address = address_of(listening)
    log.say("serving", f"serving on {address}", address=address, workers=workers)
    try:
        serve(settings, listening, workers=workers, trusted_proxies=proxies)
    except KeyboardInterrupt:  # being stopped is how a service ends
        log.say("stopped", "stopped")
