"""Requests that strangers send, by mistake or to do harm, in any number."""

import random
import socket
from collections.abc import Iterator

from PIL import Image

from tests.edge.service.pictures import drawn_sign, encoded, stop_jpeg

PATH = "/predict_traffic_sign"
BOUNDARY = "frontier"


def request(
    body: bytes,
    path: str = PATH,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def form(parts: bytes) -> bytes:
    return request(parts, headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})


def malformed_requests(count: int, seed: int = 0) -> Iterator[bytes]:
    """Each of them deserves a 4xx."""
    chance = random.Random(seed)
    jpeg, png, webp = stop_jpeg(), encoded(drawn_sign(), "PNG"), encoded(drawn_sign(), "WEBP")
    animated = encoded(drawn_sign(), "WEBP", save_all=True, append_images=[Image.new("RGB", drawn_sign().size)])
    part = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n".encode()
    for number in range(count):
        noise = chance.randbytes(chance.randrange(1, 2000))
        match number % 20:
            case 0:
                yield request(noise)
            case 1:
                yield request(b"")
            case 2:
                yield request(jpeg[: chance.randrange(3, len(jpeg) * 2 // 3)])
            case 3:
                yield request(png[: chance.randrange(8, len(png) - 20)])
            case 4:
                yield request(webp[: chance.randrange(12, len(webp) // 2)])
            case 5:
                yield request(png[:8] + noise)
            case 6:
                yield request(jpeg[:2] + noise)
            case 7:
                yield request(webp[:12] + noise)
            case 8:
                yield request(animated)
            case 9:  # a PNG that claims more than memory holds
                yield request(png[:16] + b"\x00\xff\xff\xff\x00\xff\xff\xff" + png[24:])
            case 10:
                yield request(
                    jpeg, PATH + chance.choice(("?mode=all", "?top=0", "?top=x", "?top=99999999999", "?mode="))
                )
            case 11:
                yield request(
                    jpeg, chance.choice(("/predict", "/v1/signs/x", "/static/../app.py", "/%00", "/signs/99.png"))
                )
            case 12:
                yield request(jpeg, method=chance.choice(("PUT", "DELETE", "PATCH", "GET", "TRACE")))
            case 13:
                yield form(noise)
            case 14:
                yield form(part + noise + f"\r\n--{BOUNDARY}--\r\n".encode())
            case 15:
                yield request(noise, "/v1/predict_batch", headers={"Content-Type": "multipart/form-data"})
            case 16:
                yield request(b"", length=chance.randrange(2**25, 2**40), headers={"Expect": "100-continue"})
            case 17:
                yield chance.choice(
                    (b"\r\n\r\n" + noise, noise + b"\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n")
                )
            case 18:
                yield request(b"", headers={"X-Long": "x" * 70_000})
            case 19:
                yield request(jpeg, headers={"Transfer-Encoding": "chunked"})


def status_of_answer(port: int, sent: bytes) -> int:
    """The status of the first answer to what is sent over a connection of its own; 0 where there is none."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        except OSError:  # it was refused before all of it was sent, which is as good
            pass
        received = b""
        try:
            while b"\r\n" not in received and (more := connection.recv(4096)):
                received += more
        except ConnectionResetError:
            pass
    head = received.split(b"\r\n")[0].split()
    return int(head[1]) if len(head) > 1 and head[0].startswith(b"HTTP/") else 0
