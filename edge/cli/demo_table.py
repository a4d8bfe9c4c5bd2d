"""What the demo shows of a drive: the signs as a subscriber received them, and how many were right."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.boxes import overlaps
from edge.distance_figures import MATCHING_OVERLAP, WANTED_M, distances
from edge.in_force import InForce
from edge.messages import FrameMessage, Sign
from edge.state_text import rules_line
from models.catalogue import Catalogue

LEGIBLE_SIDE_PX = 32.0
"""A true sign counts once its box has been so large while wholly in view."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One confirmed sign over the whole drive."""

    name: str
    code: str
    first_seen_s: float
    confirmed_s: float
    frames: int
    """In which it was seen."""
    confidence: float
    """At its last sight."""


def readings(messages: Sequence[FrameMessage]) -> list[Reading]:
    """Confirmed signs in the order in which they were confirmed."""
    first_seen: dict[int, float] = {}
    confirmed: dict[int, float] = {}
    last: dict[int, Sign] = {}
    for message in messages:
        for sign in message.signs:
            now_s = message.media_s or 0.0
            first_seen.setdefault(sign.track, now_s)
            if sign.state == "confirmed":
                confirmed.setdefault(sign.track, now_s)
                last[sign.track] = sign
    return [
        Reading(sign.name, sign.code, first_seen[track], confirmed[track], sign.hits, sign.confidence)
        for track, sign in sorted(last.items(), key=lambda item: confirmed[item[0]])
    ]


def table(rows: Sequence[Reading]) -> str:
    """Text for a terminal, a line a sign."""
    lines = [f"{'sign':50} {'code':8} {'first seen':>10} {'confirmed':>10} {'frames':>7} {'confidence':>10}"]
    lines += [
        f"{row.name:50} {row.code:8} {row.first_seen_s:8.2f} s {row.confirmed_s:8.2f} s "
        f"{row.frames:7} {row.confidence:10.1%}"
        for row in rows
    ]
    return "\n".join(lines)


def in_force(messages: Sequence[FrameMessage]) -> str:
    """What was in force along the road by the signs that were read: a line for each change."""
    keeper = InForce()
    lines: list[str] = []
    told = ""
    for message in messages:
        now_s = message.media_s or 0.0
        keeper.update(message, now_s)
        line = rules_line(keeper.state(now_s))
        if line != told:
            lines.append(f"{now_s:8.2f} s  {line}")
            told = line
    return "\n".join(lines)


def distance_verdict(messages: Sequence[FrameMessage], truth: Path) -> str:
    """How far the signs' distances are from the drive's truth."""
    found = distances(messages, truth.read_text(encoding="utf-8").splitlines()).within(*WANTED_M)
    figures = found.figures()
    if figures["median_error"] is None or figures["in_interval"] is None:
        return "No sign was confirmed early enough for a distance."
    return (
        f"Distances between {WANTED_M[0]:.0f} and {WANTED_M[1]:.0f} m were off by {figures['median_error']:.1%} "
        f"in the median; {figures['in_interval']:.0%} of the true ones lie in the 90 % interval that was told."
    )


def verdict(messages: Sequence[FrameMessage], truth: Path, catalogue: Catalogue) -> str:
    """How the confirmed signs compare with the drive's truth, which was drawn and so is known exactly.

    A limit that was read as a higher one is told apart: for a vehicle it is the worse error.
    """
    limits = {sign.class_id: sign.value or 0 for sign in catalogue.speed_limits}
    legible: dict[int, int] = {}
    confirmed: dict[int, int | None] = {}
    right: set[int] = set()
    higher: set[int] = set()
    for message, line in zip(messages, truth.read_text(encoding="utf-8").splitlines(), strict=True):
        true_signs = json.loads(line)["signs"]
        true_boxes = np.array([sign["box"] for sign in true_signs], np.float32).reshape(-1, 4)
        for sign in true_signs:
            if sign["visible"] >= 0.99 and min(sign["box"][2:]) >= LEGIBLE_SIDE_PX:
                legible[sign["sign"]] = sign["class_id"]
        for sign in message.signs:
            if sign.state != "confirmed":
                continue
            overlap = overlaps(np.array([sign.box], np.float32), true_boxes)[0]
            if overlap.size and overlap.max() >= MATCHING_OVERLAP:
                true = true_signs[int(overlap.argmax())]
                confirmed[sign.track] = true["sign"]
                if true["class_id"] == sign.class_id:
                    right.add(true["sign"])
                elif limits.get(sign.class_id, 0) > limits.get(true["class_id"], np.inf):
                    higher.add(true["sign"])
            else:
                confirmed.setdefault(sign.track, None)
    read_right = len(legible.keys() & right)
    stray = sum(sign is None or sign not in right for sign in confirmed.values())
    wrong = "1 reading was" if stray == 1 else f"{stray} readings were"
    worse = f"{len(higher) or 'no'} limit{'' if len(higher) == 1 else 's'} as a higher one"
    return f"{read_right} of the {len(legible)} signs along the road were read right; {wrong} wrong, {worse}."
