"""Options by which a live run is operated: its metrics and its log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from edge.cli.group import LOG_KEY
from edge.errors import WireError
from edge.publisher import is_local
from edge.run_log import RunLog

if TYPE_CHECKING:
    from edge.metrics import LiveMetrics

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535


class Endpoint(click.ParamType[tuple[str, int]]):
    """`[HOST:]PORT`; a host of IPv6 stands in brackets. This machine alone where none is given."""

    name = "[HOST:]PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Read it."""
        match = re.fullmatch(r"(?:(?:\[([0-9A-Fa-f:.%a-z]+)\]|([A-Za-z0-9._-]+)):)?(\d{1,5})", str(value))
        if match is None or int(match[3]) > HIGHEST_PORT:
            self.fail(f"{value} is no port; write it like 9100 or 127.0.0.1:9100", param, ctx)
        return match[1] or match[2] or LOOPBACK, int(match[3])


def _start_log(context: click.Context, parameter: click.Parameter, as_json: bool) -> RunLog:
    log = RunLog(as_json=as_json)
    context.meta[LOG_KEY] = log
    return log


def serve_metrics(endpoint: tuple[str, int], *, insecure: bool) -> LiveMetrics:
    """Serve metrics at an endpoint; close them. Raises WireError where that can't be, or would reach too far."""
    host, port = endpoint
    if not insecure and not is_local(f"tcp://{host}:{port}"):
        raise WireError(
            f"metrics on {host}:{port} can be read by other machines, and they know no keys; give the port alone, "
            "or allow it as insecure"
        )
    from edge.metrics import LiveMetrics  # takes a tenth of a second

    return LiveMetrics(host, port)


metrics_option = click.option(
    "--metrics",
    type=Endpoint(),
    help="Serve metrics for Prometheus there, on this machine alone if no HOST is given; port 0 takes a free one.",
)
log_json_option = click.option(
    "--log-json/--no-log-json",
    "log",
    is_eager=True,
    callback=_start_log,
    help="Log one JSON object a line on standard error, errors too.",
)
