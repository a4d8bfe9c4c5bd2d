"""Against real servers in a process of their own, which are killed, paused, and asked for what they don't have."""

import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.classifiers import open_classifier
from edge.errors import RemoteError
from edge.remote.address import parse_address
from edge.remote.backend import LOCAL_NETWORK, RemoteBackend, RemoteEvent
from models.catalogue import load_catalogue
from models.classifier import Classifier, load_classifier
from models.errors import ModelError
from models.stand_ins import stand_in_crops
from models.weights_record import BUILT_IN
from tests.edge.remote.model_server import SLOW_S
from tests.edge.remote.servers import GRPC, PROTOCOLS, ModelServer
from tests.waiting import eventually

pytest.importorskip("grpc", reason="gRPC needs the packages of the extra `remote`")

CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def mortal() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return stand_in_crops(CATALOGUE, 70, seed=3)


@pytest.fixture(scope="module")
def local(crops: np.ndarray) -> np.ndarray:
    return load_classifier(CATALOGUE).probabilities(crops)


@contextmanager
def opened(address: str, events: list[RemoteEvent] | None = None) -> Iterator[tuple[Classifier, RemoteBackend]]:
    noted: list[RemoteEvent] = [] if events is None else events
    classifier, remote = open_classifier(CATALOGUE, BUILT_IN, parse_address(address), noted.append)
    assert remote is not None
    with closing(remote):
        yield classifier, remote


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_server_says_what_the_same_network_says_here(
    server: ModelServer, crops: np.ndarray, local: np.ndarray, protocol: str
) -> None:
    with opened(server.address(protocol, settings="timeout=20000&fallback=none")) as (classifier, remote):
        np.testing.assert_allclose(classifier.probabilities(crops), local, atol=1e-6)
        assert classifier.probabilities(crops[:0]).shape == (0, 44)
        assert (classifier.backend, remote.degraded) == (str(parse_address(server.address(protocol))), ())
        assert remote.counts.answered == 2, "70 crops are two batches"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("sign-watch", r"refuses \((NOT_FOUND|404): Servable not found for request: Latest\(sign-watch\)\)"),
        ("shape", r"answers in shape \(1, 42\) where \(1, 44\) is expected"),
        ("sum", "answers with rows that don't sum to 1"),
        ("nan", "answers with (numbers that are no probabilities|something else than JSON)"),
        ("name", "gives no output `probabilities`, but logits|answers with something else than JSON"),
        ("short", r"in another size than it says|answers in shape \(1, 43\)"),
        ("garbage", r"fails \(INTERNAL: |answers with something else than JSON"),
        ("broken", r"fails \((UNKNOWN|500): .*out of memory\?\[2J while computing"),
    ],
)
def test_what_is_no_answer_is_named_in_one_line(server: ModelServer, protocol: str, model: str, said: str) -> None:
    address = server.address(protocol, model, "timeout=20000&fallback=none")
    with pytest.raises(RemoteError, match=said) as failed, opened(address):
        pass
    assert str(failed.value).startswith(f"{protocol}://127.0.0.1:")
    assert str(failed.value).isprintable()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_slow_server_is_not_waited_for(server: ModelServer, crops: np.ndarray, protocol: str) -> None:
    events: list[RemoteEvent] = []
    with opened(server.address(protocol, "slow", "timeout=100"), events) as (classifier, remote):
        assert not events, "the first answer may take longer"
        begun_s = time.monotonic()
        classifier.probabilities(crops[:8])
        assert time.monotonic() - begun_s < SLOW_S
        assert remote.degraded == (LOCAL_NETWORK,)
        assert "doesn't answer within 100 ms; the network in this process answers instead" in events[0].text


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_killed_server_is_done_without_and_used_again_when_it_is_back(
    mortal: ModelServer, crops: np.ndarray, local: np.ndarray, protocol: str
) -> None:
    events: list[RemoteEvent] = []
    with opened(mortal.address(protocol), events) as (classifier, remote):
        classifier.probabilities(crops[:64])
        assert remote.counts.answered == 1
        mortal.kill()
        for _ in range(5):
            np.testing.assert_allclose(classifier.probabilities(crops[:64]), local[:64], atol=1e-6)
            assert remote.degraded == (LOCAL_NETWORK,)
        assert not remote.available
        assert "can't be reached" in events[0].text
        mortal.start()
        eventually(lambda: remote.available)
        classifier.probabilities(crops[:64])
        assert remote.degraded == ()
        assert events[-1].text.endswith("answers again")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_paused_server_holds_nobody_up_for_long(mortal: ModelServer, crops: np.ndarray, protocol: str) -> None:
    with opened(mortal.address(protocol, settings="timeout=700")) as (classifier, remote):
        classifier.probabilities(crops[:64])
        mortal.pause()
        begun_s = time.monotonic()
        for _ in range(30):
            classifier.probabilities(crops[:64])
            assert remote.degraded == (LOCAL_NETWORK,)
        assert time.monotonic() - begun_s < 30 * 0.7 / 2, "after a few batches nobody waits any more"
        mortal.resume()
        eventually(lambda: len(classifier.probabilities(crops[:1])) and not remote.degraded)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_server_that_is_not_there_yet_is_used_when_it_comes(protocol: str) -> None:
    with ModelServer() as server:
        server.kill()
        address = server.address(protocol)
        with pytest.raises(RemoteError, match="can't be reached"), opened(f"{address}&fallback=none"):
            pass
        with opened(address) as (_, remote):
            assert not remote.available
            server.start()
            eventually(lambda: remote.available)


class Dripping(http.server.BaseHTTPRequestHandler):
    """Answers a byte at a time, or without an end."""

    endless = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * (1 << 16 if self.endless else 1))
                time.sleep(0 if self.endless else 0.05)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Nobody asked."""


@pytest.mark.parametrize(("endless", "said"), [(False, "doesn't answer within 300 ms"), (True, "more than 1 MiB")])
def test_an_answer_that_drips_or_never_ends_is_cut_off(
    endless: bool, said: str, crops: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dripping, "endless", endless)
    monkeypatch.setattr("edge.remote.backend.OPENING_TIMEOUT_S", 10.0 if endless else 0.3)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as web:
        web.daemon_threads = True
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            begun_s = time.monotonic()
            address = f"tfserving+http://127.0.0.1:{web.server_port}/m?timeout=300&fallback=none"
            with pytest.raises(RemoteError, match=said), opened(address):
                pass
            assert time.monotonic() - begun_s < 20
        finally:
            web.shutdown()
            thread.join()


def test_what_speaks_another_protocol_is_said_so(server: ModelServer) -> None:
    grpc_port, http_port = (parse_address(server.address(protocol)).port for protocol in (GRPC[0], "tfserving+http"))
    for address, said in (
        (f"tfserving+http://127.0.0.1:{grpc_port}/signwatch", "something else than HTTP|can't be reached"),
        (f"kserve+grpc://127.0.0.1:{http_port}/signwatch", "can't be reached"),
    ):
        with pytest.raises(RemoteError, match=said), opened(f"{address}?fallback=none"):
            pass


def test_files_of_an_encrypted_connection_that_are_missing_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    for protocol in ("kserve+grpcs", "tfserving+https"):
        with (
            pytest.raises(ModelError, match=r"ca\.pem.*: can't be"),
            opened(f"{protocol}://127.0.0.1:1/m?ca={missing}"),
        ):
            pass


def test_an_encrypted_server_has_to_be_who_it_should_be(tmp_path: Path, crops: np.ndarray, local: np.ndarray) -> None:
    grpc = pytest.importorskip("grpc")
    from tests.edge.remote.model_server import Network, serve_grpc

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("making a certificate needs openssl")
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    serving, port = serve_grpc(Network(), 0, credentials)
    try:
        address = f"kserve+grpcs://127.0.0.1:{port}/signwatch?timeout=20000&fallback=none"
        with opened(f"{address}&ca={certificate}") as (classifier, _):
            np.testing.assert_allclose(classifier.probabilities(crops), local, atol=1e-6)
        with (
            pytest.raises(RemoteError, match=r"can't be reached .*(CERTIFICATE_VERIFY_FAILED|certificate)"),
            opened(address),
        ):
            pass
    finally:
        serving.stop(None).wait()


def test_closing_waits_for_no_server(mortal: ModelServer) -> None:
    for protocol in PROTOCOLS:
        with opened(mortal.address(protocol, settings="timeout=500")) as (classifier, remote):
            mortal.pause()
            classifier.probabilities(np.zeros((1, 32, 32, 3), np.uint8))
            begun_s = time.monotonic()
            remote.close()
            assert time.monotonic() - begun_s < 5
        mortal.resume()


def test_a_port_that_nobody_listens_on_fails_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for protocol in PROTOCOLS:
        begun_s = time.monotonic()
        with (
            pytest.raises(RemoteError, match="can't be reached"),
            opened(f"{protocol}://127.0.0.1:{port}/m?fallback=none"),
        ):
            pass
        assert time.monotonic() - begun_s < 5
