"""Serving the app: the socket, the workers, and how they end."""

import gc
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import warnings
from functools import partial
from multiprocessing.process import BaseProcess

import uvicorn
from PIL import Image
from uvicorn.supervisors import Multiprocess

from edge.classifiers import open_classifier
from edge.service.app import SHARED_METRICS, make_app
from edge.service.gate import Gate
from edge.service.hosting import server_config
from edge.service.settings import ServiceSettings
from models.weights_record import catalogue_of


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
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # limits of our own say so to whoever sent it
    app = make_app(settings)
    gc.collect()
    gc.freeze()  # what was loaded stays, and need not be looked through again and again
    return app


def _end_with(parent: BaseProcess) -> None:
    """A worker whose parent was killed would answer on, and nobody could end it by its name."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
