import json
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from starlette.testclient import TestClient

from edge.frame import Frame
from edge.messages import HEALTH_TOPIC, SIGN_TOPIC, FrameMessage, encode
from edge.service.api_keys import ApiKey, digest_of_key
from edge.service.console_app import make_console
from edge.service.console_feed import KEPT_EVENTS, SHOWN_WIDTH_PX, ConsoleFeed
from edge.service.settings import Access
from models.catalogue import load_catalogue
from tests.edge.messages import EVENT, HEALTH, MESSAGE


def frame(number: int, width: int = 1280, height: int = 720) -> Frame:
    image = np.full((height, width, 3), number % 256, np.uint8)
    return Frame(image, number, 0, time.monotonic_ns(), None, None)


def message(seq: int, source: str = "front", session: str = "s1") -> FrameMessage:
    return msgspec.structs.replace(MESSAGE, source=source, session=session, seq=seq)


@pytest.fixture
def feed() -> ConsoleFeed:
    return ConsoleFeed()


@pytest.fixture
def client(feed: ConsoleFeed) -> Iterator[TestClient]:
    with TestClient(make_console(feed, load_catalogue(), Access()), base_url="http://localhost") as client:
        yield client


def live(client: TestClient, **wanted: Any) -> tuple[Any, bytes]:
    answer = client.get("/v1/live", params=wanted)
    assert answer.status_code == 200, answer.text
    (length,) = struct.unpack(">I", answer.content[:4])
    return json.loads(answer.content[4 : 4 + length]), answer.content[4 + length :]


def test_before_the_first_frame_it_says_that_there_is_none(client: TestClient) -> None:
    told, picture = live(client)
    assert told == {
        "sources": [], "source": None, "frame": None, "health": None, "state": None, "last_event": 0, "events": [],
    }  # fmt: skip
    assert picture == b""


def test_the_newest_frame_is_shown_with_its_message_and_no_wider_than_needed(
    client: TestClient, feed: ConsoleFeed
) -> None:
    feed.keep(frame(4), message(4))
    feed.keep(frame(5), message(5))
    told, picture = live(client)
    assert told["frame"]["seq"] == 5 and told["sources"] == ["front"]
    shown = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None and shown.shape == (SHOWN_WIDTH_PX * 720 // 1280, SHOWN_WIDTH_PX, 3)
    assert abs(int(shown[0, 0, 0]) - 5) <= 1


def test_a_viewer_that_has_the_newest_waits_for_the_next(client: TestClient, feed: ConsoleFeed) -> None:
    feed.keep(frame(1), message(1))
    told, picture = live(client, after="s1:1")
    assert told["frame"]["seq"] == 1 and picture == b""
    threading.Timer(0.1, lambda: feed.keep(frame(2), message(2))).start()
    told, picture = live(client, after="s1:1")
    assert told["frame"]["seq"] == 2 and picture.startswith(b"\xff\xd8")


def test_what_is_paused_gets_no_pictures(client: TestClient, feed: ConsoleFeed) -> None:
    feed.keep(frame(1), message(1))
    told, picture = live(client, picture=False)
    assert told["frame"]["seq"] == 1 and picture == b""


def test_events_are_told_once_and_after_a_new_beginning_again(client: TestClient, feed: ConsoleFeed) -> None:
    feed.keep(frame(1), message(1))
    for _ in range(3):
        feed.note(SIGN_TOPIC, encode(EVENT))
    told, _ = live(client, events=1)
    assert [event["number"] for event in told["events"]] == [2, 3] and told["last_event"] == 3
    assert told["events"][0]["message"]["sign"]["name"] == EVENT.sign.name
    assert 0 <= told["events"][0]["age_s"] < 60
    told, _ = live(client, events=3)
    assert told["events"] == []


def test_health_is_passed_on_as_it_was_published(client: TestClient, feed: ConsoleFeed) -> None:
    health = msgspec.structs.replace(HEALTH, source="front", state="fault", fault="the camera is gone")
    feed.note(HEALTH_TOPIC, encode(health))
    told, _ = live(client)
    assert told["health"]["fault"] == "the camera is gone" and told["source"] == "front"


def test_sources_are_told_apart(client: TestClient, feed: ConsoleFeed) -> None:
    feed.keep(frame(1), message(1))
    feed.keep(frame(9), message(9, "rear"))
    assert live(client)[0]["source"] == "front"
    told, _ = live(client, source="rear")
    assert told["frame"]["seq"] == 9 and told["sources"] == ["front", "rear"]
    assert live(client, source="unknown")[0]["source"] == "front"


def test_viewers_share_one_picture_and_memory_has_an_end(feed: ConsoleFeed) -> None:
    feed.keep(frame(1), message(1))
    one, other = feed.picture("front"), feed.picture("front")
    assert one is not None and other is not None and one[1] is other[1]
    for _ in range(KEPT_EVENTS + 50):
        feed.note(SIGN_TOPIC, encode(EVENT))
    last, events, _ = feed.events_after(0)
    assert len(events) == KEPT_EVENTS and last == KEPT_EVENTS + 50
    for number in range(200):
        feed.keep(frame(1, 16, 16), message(1, f"source-{number}"))
    assert len(feed.names) <= 32


def test_the_console_wants_a_key_for_what_it_shows(feed: ConsoleFeed) -> None:
    access = Access(keys=(ApiKey("me", digest_of_key("k")),))
    with TestClient(make_console(feed, load_catalogue(), access), base_url="http://localhost") as client:
        assert client.get("/v1/live").status_code == 401
        assert client.get("/v1/live", headers={"x-api-key": "k"}).status_code == 200
        assert client.get("/about").json()["keys"] is True
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("query", ["events=-1", "events=x", "picture=perhaps", "after=" + "x" * 200])
def test_a_question_that_is_wrong_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/live?{query}")
    assert answer.status_code == 422 and "\n" not in answer.json()["detail"]
