"""`signwatch serve` as a gateway to a model server."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import pytest

from edge.remote.backend import LOCAL_NETWORK
from tests.conftest import PROJECT
from tests.edge.remote.servers import ModelServer
from tests.edge.scenes import STOP, scene
from tests.waiting import eventually

pytest.importorskip("grpc", reason="gRPC needs the packages of the extra `remote`")
pytest.importorskip("fastapi", reason="serving needs the packages of the extra `web`")

PICTURE = cv2.imencode(".jpg", scene(64, STOP)[195:270, 75:150])[1].tobytes()


@contextmanager
def serving(backend: str) -> Iterator[str]:
    command = [sys.executable, "-m", "edge.cli", "serve", "--port", "0", "--no-scenes", "--backend", backend]
    service = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True)
    assert service.stderr is not None
    try:
        line = service.stderr.readline()
        assert line.startswith("serving on"), line
        address = line.split()[-1]
        eventually(lambda: asked(f"{address}readyz")[0] in (200, 503))
        yield address
    finally:
        service.terminate()
        service.communicate(timeout=60)


def asked(address: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Status and answer; status 0 where nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body), timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except urllib.error.URLError:
        return 0, b""


def test_a_picture_says_who_answered_and_it_is_counted() -> None:
    with ModelServer() as server, serving(server.address("kserve+grpc")) as address:

        def predicted() -> dict[str, object]:
            status, answer = asked(f"{address}predict_traffic_sign", PICTURE)
            assert status == 200
            found: dict[str, object] = json.loads(answer)
            assert found["class_index"] == STOP
            return found

        assert predicted()["degraded"] == []
        server.kill()
        assert predicted()["degraded"] == [LOCAL_NETWORK]
        assert asked(f"{address}readyz")[0] == 200, "it still answers pictures"
        counts = asked(f"{address}metrics")[1].decode()
        assert 'signwatch_service_remote_batches_total{by="server"} 1.0' in counts
        assert 'signwatch_service_remote_batches_total{by="local"} 1.0' in counts
        server.start()
        eventually(lambda: predicted()["degraded"] == [])


def test_without_anything_to_fall_back_on_it_is_not_ready_and_says_why() -> None:
    with (
        ModelServer() as server,
        serving(server.address("kserve+grpc", settings="timeout=20000&fallback=none")) as address,
    ):
        assert asked(f"{address}readyz")[0] == 200
        server.kill()
        status, answer = asked(f"{address}predict_traffic_sign", PICTURE)
        assert (status, "can't be reached" in json.loads(answer)["detail"]) == (503, True)
        eventually(lambda: {asked(f"{address}predict_traffic_sign", PICTURE)[0], asked(f"{address}readyz")[0]} == {503})
        assert json.loads(asked(f"{address}readyz")[1])["status"] == "waiting"
        assert asked(f"{address}healthz")[0] == 200, "to start it again would not help"
        server.start()
        eventually(lambda: asked(f"{address}readyz")[0] == 200)
        assert asked(f"{address}predict_traffic_sign", PICTURE)[0] == 200
