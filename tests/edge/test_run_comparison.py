from pathlib import Path

import msgspec
import pytest

from edge.errors import SourceError
from edge.messages import FrameMessage, Sign, encode
from edge.run_comparison import RunComparison, messages_before
from tests.edge.messages import MESSAGE, SIGN
from tests.edge.recording.recordings import write_recording


def message(frame: int, *signs: Sign) -> FrameMessage:
    return msgspec.structs.replace(MESSAGE, frame=frame, signs=signs)


def sign(box: tuple[float, float, float, float] = (100, 100, 40, 40), class_id: int = 2, **others: object) -> Sign:
    return msgspec.structs.replace(SIGN, box=box, class_id=class_id, **others)


def compared(before: list[FrameMessage], now: list[FrameMessage], tolerance_px: float = 2.0) -> RunComparison:
    comparison = RunComparison(before, tolerance_px)
    for one in now:
        comparison.take(one)
    return comparison


def counts(before: Sign | None, now: Sign | None) -> dict[str, int]:
    facts = compared([message(0, *([before] if before else []))], [message(0, *([now] if now else []))]).facts()
    return {kind: facts[kind] for kind in ("gained", "lost", "changed", "moved") if facts[kind]}


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        (None, None, {}),
        (sign(), sign(), {}),
        (sign(), sign((101.9, 98.1, 40, 40)), {}),
        (sign(), sign((102.1, 100, 40, 40)), {"moved": 1}),
        (sign(), sign((100, 100, 42.1, 40)), {"moved": 1}),
        (None, sign(), {"gained": 1}),
        (sign(), None, {"lost": 1}),
        (sign(), sign(class_id=3), {"changed": 1}),
        (sign(), sign((500, 100, 40, 40)), {"gained": 1, "lost": 1}),
        (sign(), sign(state="tentative"), {"lost": 1}),
        (sign(state="tentative"), None, {}),
        (sign(), sign(confidence=0.5, track=99, hits=1), {}),
        (sign((0, 0, 1e300, 1e300)), sign((0, 0, 1e300, 1e300)), {"gained": 1, "lost": 1}),
    ],
)
def test_what_a_vehicle_would_act_on_is_compared(before: Sign | None, now: Sign | None, found: dict[str, int]) -> None:
    assert counts(before, now) == found


def test_signs_side_by_side_are_told_apart() -> None:
    left, right = sign((100, 100, 40, 40), 1), sign((130, 100, 40, 40), 2)
    assert compared([message(0, left, right)], [message(0, right, left)]).differences() == []


def test_frames_that_only_one_run_has_are_differences() -> None:
    facts = compared([message(0), message(1)], [message(1), message(2)]).facts()
    assert (facts["frames"], facts["differing"], facts["only_now"], facts["only_before"]) == (2, 2, 1, 1)
    assert [(one["frame"], one["missing"]) for one in facts["differences"]] == [(2, "before"), (0, "now")]


def failing(fault: str) -> None:
    raise AssertionError(fault)


def test_a_recording_that_was_cut_off_is_compared_as_far_as_it_goes_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    recording = write_recording(tmp_path / "a.mcap", 4, end=False)
    assert len(list(messages_before(recording, said.append))) == 4
    assert len(said) == 1 and "is cut off" in said[0]


def test_messages_come_from_lines_of_json_and_from_recordings(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(b"".join(encode(message(number)) + b"\n" for number in range(3)))
    assert [one.frame for one in messages_before(lines, failing)] == [0, 1, 2]
    recording = write_recording(tmp_path / "a.mcap", 4)
    assert [one.frame for one in messages_before(recording, failing)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no json\n", "a.jsonl, line 1: not a message"),
        (encode(MESSAGE) + b"\n\xff\xfe\n", "a.jsonl, line 2: not a message"),
        (b"x" * 3_000_000, "a.jsonl, line 1: a message of 1048578 bytes is too large"),
    ],
)
def test_what_is_no_message_is_said_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(SourceError, match=said):
        list(messages_before(tmp_path / "a.jsonl", failing))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        list(messages_before(tmp_path / "a.jsonl", failing))
