"""Serving the console of a live run, in a thread beside it. What it takes to serve is loaded there too, so that the run
begins no later for it."""

import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from edge.service.binding import address_of
from edge.service.console_feed import ConsoleFeed
from edge.service.settings import Access

if TYPE_CHECKING:
    import uvicorn

CLOSE_PATIENCE_S = 5.0


class Console:
    """Serves a feed until it is closed.

    Args:
        feed: What the run is handing over.
        weights: Folder of the weights in use, for the names of the signs.
        listening: Where it is served.
        access: Who may look.
    """

    def __init__(self, feed: ConsoleFeed, weights: Path, listening: socket.socket, access: Access) -> None:
        self.address = address_of(listening)
        self.feed = feed
        self._weights = weights
        self._listening = listening
        self._access = access
        self._server: uvicorn.Server | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="console", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let go of the address."""
        self._closing = True
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(CLOSE_PATIENCE_S)
        self._listening.close()

    def _serve(self) -> None:
        import uvicorn

        from edge.service.console_app import make_console
        from edge.service.hosting import server_config
        from models.weights_record import catalogue_of

        app = make_console(self.feed, catalogue_of(self._weights), self._access)
        config = server_config(lambda: app, workers=1, trusted_proxies=())
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        if not self._closing:
            self._server.run([self._listening])
