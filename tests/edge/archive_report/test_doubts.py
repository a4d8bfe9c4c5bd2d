"""Which readings are to be looked at: those that something speaks against, and no others."""

from pathlib import Path
from typing import Any

from edge.archive_report.doubts import REASONS, find_doubts
from edge.archive_report.tables import read_archive
from tests.edge.archive_report.tables import recording, sign, write_tables

LIMIT_30, LIMIT_50, LIMIT_70, STOP, DANGER = 1, 2, 4, 14, 18
HERE, FAR = (52.27, 8.05), (52.28, 8.05)
NORTHWARD, SOUTHWARD = -0.002, 0.002
"""Degrees of latitude from a place to the one a quarter of a minute before it."""


def words(tmp_path: Path, *signs: dict[str, Any]) -> dict[tuple[str, int], set[str]]:
    """Why each sign is doubtful, by recording and track; those that aren't are left out."""
    recordings = [recording(name) for name in sorted({row["recording"] for row in signs})]
    archive = read_archive(write_tables(tmp_path, signs, recordings))
    doubts = find_doubts(archive)
    named = {}
    for row, bits in enumerate(doubts.reasons.tolist()):
        key = archive.recordings[archive.signs.recording[row]].name, int(archive.signs.track[row])
        named[key] = {reason.word for bit, reason in enumerate(REASONS) if bits >> bit & 1}
    return {key: why for key, why in named.items() if why}


def drive(
    name: str, *class_ids: int, came: float = NORTHWARD, place: tuple[float, float] = HERE
) -> list[dict[str, Any]]:
    """A drive that passes a danger sign and then, at a place, these."""
    before = sign(name, 1, DANGER, at=10.0, latitude=place[0] + came, longitude=place[1])
    here = [
        sign(name, 2 + number, class_id, at=25.0 + number, latitude=place[0] + number * 1e-5, longitude=place[1])
        for number, class_id in enumerate(class_ids)
    ]
    return [before, *here]


def test_each_reason_is_told_and_a_sure_sign_has_none(tmp_path: Path) -> None:
    found = words(
        tmp_path,
        sign("a.mp4", 1, STOP),
        sign("a.mp4", 2, STOP, confidence=0.9985),
        sign("a.mp4", 3, STOP, runner_up_class_id=17, runner_up_confidence=0.0015),
        sign("a.mp4", 4, STOP, changes=1),
        sign("a.mp4", 5, STOP, hits=4),
        sign("a.mp4", 6, STOP, at=20.0, last_s=20.1),
        sign("a.mp4", 7, STOP, runner_up_class_id=17, runner_up_confidence=0.0001),
    )
    assert found == {
        ("a.mp4", 2): {"unsure"}, ("a.mp4", 3): {"runner-up"}, ("a.mp4", 4): {"changed"},
        ("a.mp4", 5): {"short"}, ("a.mp4", 6): {"short"},
    }  # fmt: skip


def test_a_limit_that_others_read_as_another_is_doubtful_and_what_most_read_is_not(tmp_path: Path) -> None:
    most = [row for name in "abc" for row in drive(f"{name}.mp4", LIMIT_50)]
    found = words(tmp_path, *most, *drive("d.mp4", LIMIT_70), *drive("e.mp4", LIMIT_70, place=FAR))
    assert found == {("d.mp4", 2): {"contradicted"}}


def test_one_against_one_are_both_doubtful(tmp_path: Path) -> None:
    found = words(tmp_path, *drive("a.mp4", LIMIT_50), *drive("b.mp4", LIMIT_30))
    assert found == {("a.mp4", 2): {"contradicted"}, ("b.mp4", 2): {"contradicted"}}


def test_two_limits_that_stand_side_by_side_contradict_nobody(tmp_path: Path) -> None:
    found = words(tmp_path, *drive("a.mp4", LIMIT_50, LIMIT_30), *drive("b.mp4", LIMIT_50, LIMIT_30))
    assert found == {}


def test_who_comes_the_other_way_has_signs_of_his_own(tmp_path: Path) -> None:
    found = words(tmp_path, *drive("a.mp4", LIMIT_50), *drive("b.mp4", LIMIT_30, came=SOUTHWARD))
    assert found == {}
