"""How uvicorn serves our apps."""

from collections.abc import Callable

import uvicorn

from edge.service.binding import BACKLOG
from edge.service.gate import Gate
from edge.service.protocol import PatientProtocol

MOST_CONNECTIONS = 1000
"""Of one worker; what comes on top is answered with 503."""
IDLE_S = 15
"""A connection on which nothing was asked for so long is ended."""
END_S = 10
"""Requests under way when the service ends have so long."""


def server_config(app: Callable[[], Gate], *, workers: int, trusted_proxies: tuple[str, ...]) -> uvicorn.Config:
    """How uvicorn serves, for one worker or several."""
    return uvicorn.Config(
        app,
        factory=True,
        workers=workers,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",  # a stranger's broken requests are counted, not told
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        limit_concurrency=MOST_CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=END_S,
    )
