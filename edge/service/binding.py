"""Where HTTP is served."""

import errno
import socket

from edge.errors import WireError

BACKLOG = 1024
"""Connections that wait to be taken."""


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
            errno.EADDRINUSE: "it is in use; end the program that holds it, or choose another port",
            errno.EACCES: "this user may not; choose a port above 1023",
            errno.EADDRNOTAVAIL: "it is no address of this machine; give one that it has",
        }.get(error.errno or 0, error.strerror)
        raise WireError(f"{shown} can't be served on: {mend}") from error
    return listening


def address_of(listening: socket.socket) -> str:
    """Where a socket of `bind` can be reached."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
