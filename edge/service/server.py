"""Serving the app: the socket, the workers, and how they end."""

import errno
import gc
import logging
import os
import socket
import tempfile
import warnings
from collections.abc import Callable
from functools import partial

import uvicorn
from PIL import Image
from uvicorn.supervisors import Multiprocess

from edge.classifiers import open_classifier
from edge.errors import WireError
from edge.service.app import SHARED_METRICS, make_app
from edge.service.gate import Gate
from edge.service.protocol import PatientProtocol
from edge.service.settings import ServiceSettings
from models.weights_record import catalogue_of

BACKLOG = 1024
MOST_CONNECTIONS = 1000
"""Of one worker; what comes on top is answered with 503."""
IDLE_S = 15
"""A connection on which nothing was asked for so long is ended."""
END_S = 10
"""Requests under way when the service ends have so long."""


def bind(host: str, port: int) -> socket.socket:
    """Listen at an address; port 0 takes a free one. Raises WireError."""
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        mend = {
            errno.EADDRINUSE: "it is in use; end the program that holds it, or choose another --port",
            errno.EACCES: "this user may not; choose a --port above 1023",
            errno.EADDRNOTAVAIL: "it is no address of this machine",
        }.get(error.errno or 0, error.strerror)
        raise WireError(f"{shown} can't be served on: {mend}") from error
    return listening


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
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        limit_concurrency=MOST_CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=END_S,
    )


def serve(
    settings: ServiceSettings, listening: socket.socket, *, workers: int, trusted_proxies: tuple[str, ...]
) -> None:
    """Answer at a socket until KeyboardInterrupt ends it. Raises ModelError or RemoteError."""
    config = server_config(partial(_worker_app, settings), workers=workers, trusted_proxies=trusted_proxies)
    if workers == 1:
        uvicorn.Server(config).run([listening])
        return
    # Once here, so that what is wrong is told in one line and not by each worker, for ever.
    _, remote = open_classifier(catalogue_of(settings.weights), settings.weights, settings.backend)
    if remote is not None:
        remote.close()
    with tempfile.TemporaryDirectory(prefix="signwatch-") as folder:
        os.environ[SHARED_METRICS] = folder
        Multiprocess(config, [listening]).run()


def _worker_app(settings: ServiceSettings) -> Gate:
    """In the process that answers."""
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # a stranger's broken requests are counted, not told
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # limits of our own say so to whoever sent it
    app = make_app(settings)
    gc.collect()
    gc.freeze()  # what was loaded stays, and need not be looked through again and again
    return app
