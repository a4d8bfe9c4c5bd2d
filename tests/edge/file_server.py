"""A real web server for files in a folder, with ranges, that can be told to misbehave.

As a program, `python -m tests.edge.file_server FOLDER PORT`, it is slow, so that it can be ended in the middle.
"""

import email.utils
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECE_BYTES = 1 << 16


class FileServer(ThreadingHTTPServer):
    """Serves on a free port of this machine; a context manager that runs in a thread.

    Attributes:
        requests: The Range of every request, empty where it had none.
        ranges: Whether ranges are answered.
        cut_after: Bytes after which each connection is broken off; a list for one connection after the other.
        announced: Makes another length of the true one.
        statuses: Answered one after the other before anything is served.
        redirect: Where to send everybody instead.
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0, pause_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder = folder
        self.pause_s = pause_s
        self.requests: list[str] = []
        self.ranges = True
        self.cut_after: list[int] = []
        self.announced: Callable[[int], int] = lambda size: size
        self.statuses: list[int] = []
        self.redirect = ""
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients are killed in the middle; that is no news."""

    def __enter__(self) -> "FileServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        server = self.server
        wanted = self.headers.get("Range", "")
        server.requests.append(wanted)
        file = server.folder / self.path.lstrip("/")
        if server.redirect:
            self._end(302, {"Location": server.redirect})
        elif server.statuses:
            self._end(server.statuses.pop(0), {"Retry-After": "7"})
        elif not file.is_file():
            self._end(404, {})
        else:
            self._send(file, wanted)

    def _send(self, file: Path, wanted: str) -> None:
        server, content = self.server, file.read_bytes()
        tag = f'"{file.stat().st_mtime_ns}"'
        begin = 0
        if wanted and server.ranges and self.headers.get("If-Range", tag) == tag:
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if begin >= len(content):
                self._end(416, {})
                return
        headers = {"Content-Length": str(server.announced(len(content) - begin)), "ETag": tag}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        self._head(206 if begin else 200, headers)
        end = begin + server.cut_after.pop(0) if server.cut_after else len(content)
        for place in range(begin, min(end, len(content)), PIECE_BYTES):
            self.wfile.write(content[place : min(place + PIECE_BYTES, end)])
            time.sleep(server.pause_s)
        self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Last-Modified", email.utils.formatdate(0, usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _end(self, status: int, headers: dict[str, str]) -> None:
        self._head(status, headers | {"Content-Length": "0"})

    def log_message(self, *_: object) -> None:
        """Nobody asked."""


if __name__ == "__main__":
    FileServer(Path(sys.argv[1]), int(sys.argv[2]), pause_s=0.02).serve_forever()
