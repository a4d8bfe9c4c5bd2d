"""Numerals drawn with a stroke, each number in a hand of its own: round or square bowls, high or low waists, straight
or curved tails, thin or bold strokes. Where typefaces differ, these differ.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT_PX = 96
"""Of a numeral, between the middles of its outermost strokes."""

Points = NDArray[np.float64]
"""(n, 2): x to the right and y down, 0 to 1 over the numeral's width and height."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What one hand does alike in every numeral."""

    squareness: float
    """Exponent of the superellipses (Lamé, 1818) that bowls are part of: 2 is round, 4 nearly a rectangle."""
    waist: float
    """Height at which the bowls of 3 and 8 meet."""
    bowl: float
    """Top of the lower bowl of 5 and 6."""
    tail: float
    """How far the tail of 6 is bent: 0 is a straight line, 1 the side of the whole numeral's oval."""
    flag: float
    """Length of the stroke that 1 starts with."""
    aperture_deg: float
    """How early bowls end, of 2, 3, 5 and 6."""


def draw_numerals(number: str, generator: np.random.Generator) -> NDArray[np.uint8]:
    """The number in white on black (height, width) uint8, cut to its strokes. Raises KeyError for other characters."""
    hand = Hand(
        squareness=generator.uniform(2.0, 3.4),
        waist=generator.uniform(0.42, 0.5),
        bowl=generator.uniform(0.34, 0.46),
        tail=generator.uniform(0.0, 1.0),
        flag=generator.uniform(0.0, 0.6),
        aperture_deg=generator.uniform(0.0, 50.0),
    )
    thickness_px = round(generator.uniform(0.08, 0.22) * HEIGHT_PX)
    width_px = generator.uniform(0.42, 0.6) * HEIGHT_PX
    gap_px = thickness_px + generator.uniform(0.04, 0.2) * HEIGHT_PX
    mask = np.zeros(
        (HEIGHT_PX + 2 * thickness_px, round(len(number) * (width_px + gap_px) + 2 * thickness_px)), np.uint8
    )
    left = float(thickness_px)
    for character in number:
        wide = width_px * (0.3 + 0.4 * hand.flag if character == "1" else 1.0)
        for stroke in NUMERALS[character](hand):
            points = stroke * (wide, HEIGHT_PX) + (left, thickness_px)
            cv2.polylines(mask, [np.rint(points * 8).astype(np.int32)], False, 255, thickness_px, cv2.LINE_AA, shift=3)
        left += wide + gap_px
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _arc(top: float, bottom: float, start_deg: float, end_deg: float, squareness: float) -> Points:
    """Part of the superellipse between two heights; 0 degrees points right, 90 up."""
    angles = np.radians(np.linspace(start_deg, end_deg, 40))
    cos, sin = np.cos(angles), np.sin(angles)
    x = 0.5 + 0.5 * np.sign(cos) * np.abs(cos) ** (2 / squareness)
    y = (top + bottom) / 2 - (bottom - top) / 2 * np.sign(sin) * np.abs(sin) ** (2 / squareness)
    return np.stack([x, y], axis=1)


def _line(*points: tuple[float, float]) -> Points:
    return np.array(points, np.float64)


def _zero(hand: Hand) -> list[Points]:
    return [_arc(0, 1, 0, 360, hand.squareness)]


def _one(hand: Hand) -> list[Points]:
    return [_line((1, 1), (1, 0), (0.6 - hand.flag, 0.1 + 0.4 * hand.flag))]


def _two(hand: Hand) -> list[Points]:
    head = _arc(0, 2 * hand.waist * 0.62, 180 - hand.aperture_deg / 2, -20, hand.squareness)
    return [np.concatenate([head, _line((0, 1), (1, 1))])]


def _three(hand: Hand) -> list[Points]:
    start = 170 - hand.aperture_deg
    return [
        np.concatenate([_arc(0, hand.waist, start, -90, hand.squareness)[:-1], _line((0.4, hand.waist))]),
        np.concatenate([_line((0.4, hand.waist)), _arc(hand.waist, 1, 90, -start, hand.squareness)]),
    ]


def _four(hand: Hand) -> list[Points]:
    across = 0.5 + hand.bowl / 2
    stem = 1.0 - 0.1 * hand.flag
    return [_line((1.15, across), (0, across), (stem - 0.12, 0), (stem, 0), (stem, 1))]


def _five(hand: Hand) -> list[Points]:
    bowl = _arc(hand.bowl, 1, 140, -150 + 0.7 * hand.aperture_deg, hand.squareness)
    return [np.concatenate([_line((0.92, 0), (0.14, 0), (0.06, 0.56)), bowl])]


def _six(hand: Hand) -> list[Points]:
    bowl = _arc(hand.bowl, 1, 0, 360, hand.squareness)
    oval = _arc(0, 1, 55 + 0.7 * hand.aperture_deg, 180, hand.squareness)
    share = np.linspace(0, 1, len(oval))[:, None]
    middle = (hand.bowl + 1) / 2
    straight = (1 - share) * (0.75, 0.0) + share * (0.02, middle - 0.08)
    oval[:, 1] *= middle / 0.5
    return [bowl, hand.tail * oval + (1 - hand.tail) * straight]


def _seven(hand: Hand) -> list[Points]:
    return [_line((0, 0), (1, 0), (0.3, 1))]


def _eight(hand: Hand) -> list[Points]:
    upper = _arc(0, hand.waist, 0, 360, hand.squareness)
    upper[:, 0] = 0.5 + 0.9 * (upper[:, 0] - 0.5)
    return [upper, _arc(hand.waist, 1, 0, 360, hand.squareness)]


def _nine(hand: Hand) -> list[Points]:
    """A six, turned by half a turn."""
    return [1 - stroke for stroke in _six(hand)]


NUMERALS: dict[str, Callable[[Hand], list[Points]]] = {
    "0": _zero, "1": _one, "2": _two, "3": _three, "4": _four,
    "5": _five, "6": _six, "7": _seven, "8": _eight, "9": _nine,
}  # fmt: skip
