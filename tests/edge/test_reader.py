import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from detector.boxes import overlaps
from edge.budget import LEVELS, Effort
from edge.frame import Frame
from edge.frame_reader import FrameReader, open_reader
from edge.messages import FrameMessage, decode, encode
from edge.reader import FORGET_AFTER_S, SignReader
from edge.sources import open_source
from models.archive import Archive
from models.gtsdb import list_frames, read_frame
from tests.edge.scenes import scene


@pytest.fixture(scope="module")
def reader() -> Iterator[FrameReader]:
    reader = open_reader()
    yield reader
    reader.close()


def frame(image: np.ndarray, number: int = 0, media_s: float | None = None) -> Frame:
    return Frame(image, number, time.time_ns(), time.monotonic_ns(), media_s, None)


def test_signs_in_a_still_picture_are_found_and_named(reader: FrameReader) -> None:
    message = SignReader(reader, "stills", stills=True).read(frame(scene(64, 2, 14, 38)))
    assert sorted(sign.name for sign in message.signs) == ["Keep right", "Speed limit (50km/h)", "Stop"]
    limit = next(sign for sign in message.signs if sign.class_id == 2)
    assert (limit.code, limit.value, limit.unit, limit.category, limit.state) == (
        "274-50", 50, "km/h", "prohibitory", "confirmed",
    )  # fmt: skip
    found, true = np.array([limit.box, (80, 200, 64, 64)], np.float32)[:, None]
    assert overlaps(found, true)[0, 0] > 0.8


def test_every_frame_gives_a_message_also_without_signs(reader: FrameReader) -> None:
    signs = SignReader(reader, "road")
    blank = np.full((480, 640, 3), 128, np.uint8)
    messages = [signs.read(frame(blank, number, number / 25), dropped=number) for number in range(3)]
    assert [message.seq for message in messages] == [0, 1, 2]
    assert [message.dropped for message in messages] == [0, 1, 2]
    assert all(message.signs == () for message in messages)
    assert {message.session for message in messages} == {messages[0].session}
    assert decode(encode(messages[0])) == messages[0]


def test_a_sign_is_tentative_before_it_is_confirmed(reader: FrameReader) -> None:
    signs = SignReader(reader, "road")
    states = [signs.read(frame(scene(48 + number, 14), number, number / 25)).signs[0].state for number in range(30)]
    assert states[0] == "tentative"
    assert states[-1] == "confirmed"
    assert states == sorted(states, reverse=True), "once confirmed it stays so"


@pytest.mark.parametrize("effort", LEVELS)
def test_with_less_effort_large_signs_are_still_found_and_it_is_said(reader: FrameReader, effort: Effort) -> None:
    message = SignReader(reader, "stills", stills=True).read(frame(scene(120, 14)), effort=effort)
    assert message.degraded == effort.said
    (stop,) = message.signs
    assert stop.class_id == 14
    found, true = np.array([stop.box, (80, 200, 120, 120)], np.float32)[:, None]
    assert overlaps(found, true)[0, 0] > 0.7


@pytest.mark.parametrize("change", ["size", "gap"])
def test_tracks_do_not_outlive_another_size_or_a_long_gap(reader: FrameReader, change: str) -> None:
    signs = SignReader(reader, "road")
    before = [signs.read(frame(scene(64, 14), number, number / 25)).signs for number in range(2)]
    image = scene(64, 14)[:470] if change == "size" else scene(64, 14)
    after = signs.read(frame(image, 2, 2 / 25 if change == "size" else 2 / 25 + FORGET_AFTER_S)).signs
    assert [sign.track for (sign,) in before] == [1, 1]
    assert [(sign.track, sign.hits) for sign in after] == [(2, 1)], "its number is never used again"


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (20, 20)])
def test_tiny_pictures_give_an_empty_message(reader: FrameReader, size: tuple[int, int]) -> None:
    message = SignReader(reader, "road", stills=True).read(frame(np.zeros((*size, 3), np.uint8)))
    assert (message.signs, message.size) == ((), (size[1], size[0]))


def test_another_session_has_another_name(reader: FrameReader) -> None:
    blank = frame(np.zeros((20, 20, 3), np.uint8))
    assert SignReader(reader, "a").read(blank).session != SignReader(reader, "a").read(blank).session


def messages_of(reader: FrameReader, video: Path) -> list[FrameMessage]:
    with open_source(str(video)) as source:
        signs = SignReader(reader, source.name)
        return [signs.read(picture) for picture in source.frames()]


def confirmed(message: FrameMessage) -> set[int]:
    return {sign.class_id for sign in message.signs if sign.state == "confirmed"}


@pytest.fixture(scope="module")
def against_the_sun(reader: FrameReader, data_folder: Path) -> list[FrameMessage]:
    """A real drive past a 60 above a no-passing sign, both in every frame."""
    return messages_of(reader, data_folder / "clips" / "coast-60-no-passing.mp4")


def test_a_real_drive_against_the_sun_confirms_nothing_wrong(against_the_sun: list[FrameMessage]) -> None:
    assert len(against_the_sun) == 56
    assert all(confirmed(message) <= {3, 9} for message in against_the_sun)


def test_a_real_drive_against_the_sun_confirms_both_signs(against_the_sun: list[FrameMessage]) -> None:
    assert all(confirmed(message) == {3, 9} for message in against_the_sun[-30:])


def test_a_real_drive_without_signs_confirms_none(reader: FrameReader, data_folder: Path) -> None:
    messages = messages_of(reader, data_folder / "clips" / "highway-no-signs.mp4")
    assert len(messages) == 221
    assert not any(confirmed(message) for message in messages)


def test_most_signs_of_real_streets_that_taught_nothing_are_found(reader: FrameReader, data_folder: Path) -> None:
    right = signs = false = 0
    with Archive(data_folder / "gtsdb-train") as archive:
        frames = [street for street in list_frames(archive) if street.held_out][:40]
        for street in frames:
            message = SignReader(reader, "stills", stills=True).read(frame(read_frame(archive, street)))
            found = sorted(sign.class_id for sign in message.signs)
            true = sorted(street.class_ids.tolist())
            common = sum(min(found.count(kind), true.count(kind)) for kind in set(true))
            right, signs, false = right + common, signs + len(true), false + len(found) - common
    assert right >= 0.7 * signs
    assert false <= 0.5 * len(frames)
