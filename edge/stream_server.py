"""A network camera of our own: Motion JPEG over HTTP, to measure and test against.

As a program, `python -m edge.stream_server FOLDER FPS [PORT]`, it serves a folder of JPEGs on a port of this machine,
to and fro without end, and prints the port; a free one if none is given.
"""

import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BOUNDARY = "next"


class StreamServer(ThreadingHTTPServer):
    """Serves pictures to any number of clients, each on its own time as a camera would; a context manager.

    Args:
        pictures: JPEG files' content, in order; played forward and then backward, so that nothing jumps.
        fps: Pictures a second.
        port: Where to listen on this machine; 0 takes a free one.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, pictures: Sequence[bytes], fps: float, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.pictures = [*pictures, *pictures[-2:0:-1]]
        self.fps = fps
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def address(self) -> str:
        """Of the stream."""
        return f"http://127.0.0.1:{self.server_address[1]}/cam.mjpg"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go are no news."""

    def __enter__(self) -> "StreamServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: StreamServer

    def do_GET(self) -> None:
        """Send pictures until the client or the server goes."""
        server = self.server
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace;boundary={BOUNDARY}")
        self.end_headers()
        began_s = time.monotonic()
        number = 0
        while not server.closing.wait(max(0.0, began_s + number / server.fps - time.monotonic())):
            picture = server.pictures[number % len(server.pictures)]
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            self.wfile.write(head.encode() + picture + b"\r\n")
            number = max(number + 1, int((time.monotonic() - began_s) * server.fps))

    def log_message(self, *_: object) -> None:
        """Nobody asked."""


def main(folder: Path, fps: float, port: int = 0) -> None:
    """Serve a folder's `*.jpg` in the order of their names until the process is ended."""
    with StreamServer([file.read_bytes() for file in sorted(folder.glob("*.jpg"))], fps, port) as server:
        print(server.server_address[1], flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), *map(int, sys.argv[3:]))
