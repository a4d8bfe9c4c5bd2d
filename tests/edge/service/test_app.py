"""The service in this process, with the real network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from edge.service.api_keys import ApiKey, digest_of_key
from edge.service.app import make_app
from edge.service.settings import Access, Limits, ServiceSettings
from tests.edge.scenes import KEEP_RIGHT, SPEED_LIMIT_50, STOP
from tests.edge.service.pictures import drawn_sign, encoded, noise, stop_jpeg, street_jpeg

PREDICT = "/predict_traffic_sign"
COMPILING_S = 240.0
"""The first scene of an installation compiles, and the machine may do much else."""
KEY = "a-key"
KEYED = Access(keys=(ApiKey("dashboard", digest_of_key(KEY)),))


@contextmanager
def service(settings: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(make_app(settings), base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with service(ServiceSettings(limits=Limits(seconds=COMPILING_S))) as client:
        yield client


def sent(client: TestClient, data: bytes, query: str = "", **options: Any) -> Any:
    answer = client.post(PREDICT + query, content=data, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_as_the_body_is_read(client: TestClient, kind: str) -> None:
    prediction = sent(client, encoded(drawn_sign(), kind))
    assert (prediction["class_index"], prediction["class_name"]) == (STOP, "Stop")
    assert prediction["code"] == "206"
    assert prediction["category"] == "priority"
    assert prediction["is_sign"] and prediction["mode"] == "crop"
    assert prediction["confidence"] > 0.9
    assert prediction["top"][0]["class_index"] == STOP
    assert len(prediction["top"]) == 3
    assert prediction["signs"][0]["box"] == [0, 0, 72, 72]


def test_a_form_the_framework_and_the_shortcut_give_the_same_answer(client: TestClient) -> None:
    answers = [
        sent(client, stop_jpeg()),
        sent(client, stop_jpeg(), "?mode=auto"),
        client.post(PREDICT, files={"file": ("stop.jpg", stop_jpeg())}).json(),
        sent(client, stop_jpeg(), headers={"content-type": "application/x-www-form-urlencoded"}),
    ]
    for answer in answers:
        answer.pop("ms")
    assert all(answer == answers[0] for answer in answers)


def test_what_is_no_sign_is_said_to_be_none(client: TestClient) -> None:
    prediction = sent(client, encoded(Image.fromarray(noise()), "PNG"))
    assert prediction["is_sign"] is False
    assert prediction["class_index"] is None and prediction["class_name"] == "No sign"
    assert prediction["signs"] == [] and len(prediction["top"]) == 3


def test_a_scene_has_all_its_signs_with_their_boxes(client: TestClient) -> None:
    prediction = sent(client, street_jpeg(SPEED_LIMIT_50, STOP, KEEP_RIGHT))
    assert prediction["mode"] == "scene" and prediction["size"] == [640, 480]
    assert {sign["class_index"] for sign in prediction["signs"]} == {SPEED_LIMIT_50, STOP, KEEP_RIGHT}
    lefts = {sign["class_index"]: sign["box"][0] for sign in prediction["signs"]}
    for class_id, left in ((SPEED_LIMIT_50, 80), (STOP, 230), (KEEP_RIGHT, 380)):
        assert abs(lefts[class_id] - left) < 15
    confidences = [sign["confidence"] for sign in prediction["signs"]]
    assert confidences == sorted(confidences, reverse=True)
    assert prediction["class_index"] == prediction["signs"][0]["class_index"]


def test_the_mode_that_is_asked_for_decides(client: TestClient) -> None:
    assert sent(client, street_jpeg(STOP), "?mode=crop")["is_sign"] is False
    empty = sent(client, street_jpeg(), "?mode=scene")
    assert empty["mode"] == "scene" and not empty["is_sign"] and empty["confidence"] == 0
    assert len(sent(client, stop_jpeg(), "?mode=crop&top=7")["top"]) == 7


def test_a_batch_answers_each_picture_and_says_what_is_wrong_with_one(client: TestClient) -> None:
    files = [
        ("files", ("stop.jpg", stop_jpeg())),
        ("files", ("notes.txt", b"no picture")),
        ("files", ("fifty.png", encoded(drawn_sign(SPEED_LIMIT_50), "PNG"))),
    ]
    items = client.post("/v1/predict_batch", files=files).json()["predictions"]
    assert [item["name"] for item in items] == ["stop.jpg", "notes.txt", "fifty.png"]
    assert [item["status"] for item in items] == [200, 415, 200]
    assert [item["prediction"] and item["prediction"]["class_index"] for item in items] == [STOP, None, SPEED_LIMIT_50]
    assert "no picture" in items[1]["detail"]


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        (PREDICT, {"content": b""}, 400),
        (PREDICT, {"content": b"no picture"}, 415),
        (PREDICT, {"content": stop_jpeg()[:600]}, 422),
        (PREDICT + "?mode=everything", {"content": stop_jpeg()}, 422),
        (PREDICT + "?top=0", {"content": stop_jpeg()}, 422),
        (PREDICT, {"files": {"file": ("a", b"x")}}, 415),
        (PREDICT, {"files": [("a", ("a", b"x")), ("b", ("b", b"x"))]}, 422),
        (PREDICT, {"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400),
        (PREDICT, {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=q"}}, 400),
        ("/v1/predict_batch", {"content": stop_jpeg()}, 415),
        ("/v1/predict_batch", {"files": [("files", (str(n), b"x")) for n in range(65)]}, 422),
        ("/nothing", {"content": b""}, 404),
        ("/v1/signs", {"content": b""}, 405),
    ],
)
def test_a_request_that_is_wrong_gets_one_line(
    client: TestClient, path: str, options: dict[str, Any], status: int
) -> None:
    answer = client.post(path, **options)
    assert answer.status_code == status, answer.text
    (detail,) = answer.json().values()
    assert detail and "\n" not in detail


def test_the_catalogue_is_told_with_drawings(client: TestClient) -> None:
    signs = client.get("/v1/signs").json()["signs"]
    assert len(signs) == 43
    drawing = client.get(signs[STOP]["drawing"])
    assert drawing.headers["content-type"] == "image/png"
    again = client.get(signs[STOP]["drawing"], headers={"if-none-match": drawing.headers["etag"]})
    assert again.status_code == 304 and not again.content
    for name in ("43.png", "-1.png", "x.png", "14.svg", "٣.png"):
        assert client.get(f"/signs/{name}").status_code == 404


def test_the_page_and_what_it_is_made_of_are_served_and_nothing_else(client: TestClient) -> None:
    page = client.get("/")
    assert "Signwatch" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    for name, kind in (("page.js", "text/javascript"), ("page.css", "text/css"), ("icon.svg", "image/svg+xml")):
        assert client.get(f"/static/{name}").headers["content-type"].startswith(kind)
    assert client.head("/").status_code == 200
    for name in ("..%2fapp.py", "app.py", "%2e%2e/app.py", ""):
        assert client.get(f"/static/{name}").status_code == 404


def test_nothing_on_the_page_comes_from_elsewhere(client: TestClient) -> None:
    for name in ("index.html", "docs.html", "page.css", "page.js", "pictures.js", "live.js", "docs.js"):
        text = client.get(f"/static/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text and "//cdn" not in text


def test_metrics_count_answers_by_path_and_status_and_batches(client: TestClient) -> None:
    sent(client, stop_jpeg())
    client.post("/made/up/by/a/stranger")
    text = client.get("/metrics").text
    assert 'signwatch_service_requests_total{path="/predict_traffic_sign",status="200"}' in text
    assert 'path="other",status="404"' in text and "stranger" not in text
    assert "signwatch_service_batch_crops_bucket" in text and "process_resident_memory_bytes" in text


def test_it_says_whether_it_is_well(client: TestClient) -> None:
    assert client.get("/healthz").json() == client.get("/readyz").json() == {"status": "ok"}


def test_a_key_is_asked_for_where_there_are_keys_and_the_page_needs_none() -> None:
    with service(ServiceSettings(access=KEYED)) as client:
        for headers in (
            {},
            {"x-api-key": "wrong"},
            {"authorization": "Bearer wrong"},
            {"authorization": f"Basic {KEY}"},
        ):
            answer = client.post(PREDICT, content=stop_jpeg(), headers=headers)
            assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
            assert client.get("/metrics", headers=headers).status_code == 401
        for headers in ({"x-api-key": KEY}, {"authorization": f"bearer {KEY}"}):
            assert client.post(PREDICT, content=stop_jpeg(), headers=headers).status_code == 200
        for open_path in ("/", "/about", "/v1/signs", "/healthz", "/readyz", "/docs", "/signs/14.png"):
            assert client.get(open_path).status_code == 200
        operation = client.get("/openapi.json").json()["paths"][PREDICT]["post"]
        assert operation["security"] == [{"key": []}]


def test_guessing_keys_is_slowed_down() -> None:
    with service(ServiceSettings(access=KEYED)) as client:
        statuses = {client.post(PREDICT, headers={"x-api-key": str(guess)}).status_code for guess in range(40)}
        assert statuses == {401, 429}
        assert client.post(PREDICT, content=stop_jpeg(), headers={"x-api-key": KEY}).status_code == 200


def test_who_asks_too_often_waits() -> None:
    with service(ServiceSettings(access=Access(per_second=0.01, burst=2))) as client:
        statuses = [client.post(PREDICT, content=stop_jpeg()).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert client.get("/readyz").status_code == 200
        assert int(client.post(PREDICT).headers["retry-after"]) > 1


def test_bytes_and_pixels_are_limited() -> None:
    limits = Limits(body_bytes=20_000, pixels=10_000)
    with service(ServiceSettings(limits=limits)) as client:
        for data in (bytes(20_001), encoded(drawn_sign(side=120))):
            answer = client.post(PREDICT, content=data)
            assert answer.status_code == 413
        in_parts = client.post(PREDICT, content=iter([bytes(15_000), bytes(15_000)]))
        assert in_parts.status_code == 413 and "MiB" in in_parts.json()["detail"]
        assert sent(client, stop_jpeg())["class_index"] == STOP


def test_a_foreign_page_may_not_ask_unless_it_is_allowed() -> None:
    foreign = {"origin": "https://other.example", "sec-fetch-site": "cross-site"}
    with service(ServiceSettings()) as client:
        assert client.post(PREDICT, content=stop_jpeg(), headers=foreign).status_code == 403
        assert "access-control-allow-origin" not in client.get("/v1/signs", headers=foreign).headers
        asked = {**foreign, "access-control-request-method": "POST"}
        assert client.options(PREDICT, headers=asked).status_code == 403
    access = Access(origins=("https://other.example",))
    with service(ServiceSettings(access=access)) as client:
        answer = client.post(PREDICT, content=stop_jpeg(), headers=foreign)
        assert answer.headers["access-control-allow-origin"] == "https://other.example"
        assert client.options(PREDICT, headers=asked).status_code == 204
        other = {**foreign, "origin": "https://third.example"}
        assert client.post(PREDICT, content=stop_jpeg(), headers=other).status_code == 403


def test_only_names_that_are_served_are_answered() -> None:
    access = Access(hosts=("localhost", "127.0.0.1", "[::1]"))
    with service(ServiceSettings(access=access)) as client:
        for host in ("localhost:80", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"):
            assert client.get("/", headers={"host": host}).status_code == 200
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.example:80", ""):
            assert client.get("/", headers={"host": host}).status_code == 421


def test_without_scenes_a_picture_is_taken_for_one_sign() -> None:
    with service(replace(ServiceSettings(), scenes=False)) as client:
        assert sent(client, street_jpeg(STOP))["mode"] == "crop"
        assert client.post(PREDICT + "?mode=scene", content=stop_jpeg()).status_code == 422


def test_more_requests_than_can_be_answered_are_turned_away() -> None:
    with service(ServiceSettings(limits=Limits(at_once=0))) as client:
        answer = client.post(PREDICT, content=stop_jpeg())
        assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
    with service(ServiceSettings(limits=Limits(waiting_scenes=0))) as client:
        assert client.post(PREDICT, content=street_jpeg(STOP)).status_code == 503
        assert sent(client, stop_jpeg())["class_index"] == STOP


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    with service(ServiceSettings(limits=Limits(seconds=0.02))) as client:
        answer = client.post(PREDICT + "?mode=scene", content=street_jpeg(STOP))
        assert answer.status_code == 503 and "try again" in answer.json()["detail"]
