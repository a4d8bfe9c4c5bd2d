"""Numerals and the word STOP from strokes, in the manner of DIN 1451 (Mittel- and Engschrift).

A glyph is a list of centre lines in a box one unit high; `width` is the glyph's width in the same
unit. Strokes are a seventh of the height, as the standard has them.
"""

import numpy as np

from edge.sample_drive.drawings_canvas import Canvas, Colour, Points, points, smooth

_STROKE = 1.0 / 7.0
_INSET = _STROKE / 2.0


def _bowl(width: float, top: float, bottom: float, from_deg: float, to_deg: float) -> Points:
    """Sample part of a stadium that fills the box; angles as in `arc`, on the end semicircles."""
    rx = width / 2.0 - _INSET
    ry = min(rx, (bottom - top) / 2.0 - _INSET)
    angles = np.radians(np.linspace(from_deg, to_deg, 65))
    middle_y = np.where(np.sin(angles) < 0.0, top + _INSET + ry, bottom - _INSET - ry)
    return np.column_stack([width / 2.0 + rx * np.cos(angles), middle_y + ry * np.sin(angles)])


def _glyph(character: str, width: float) -> list[Points]:
    left, right = _INSET, width - _INSET
    top, bottom = _INSET, 1.0 - _INSET
    match character:
        case "0" | "O":
            return [_bowl(width, 0.0, 1.0, -180.0, 181.0)]
        case "1":
            stem = points((right, 0.0), (right, 1.0))
            return [stem, points((right + 0.01, 0.06), (right - 0.27, 0.27))]
        case "2":
            crown = _bowl(width, 0.0, 0.58, -183.0, 22.0)
            return [
                np.vstack([crown, points((left, bottom))]),
                points((0.0, bottom), (width, bottom)),
            ]
        case "3":
            upper = _bowl(width * 0.95, 0.0, 0.54, -178.0, 90.0)
            upper[:, 0] += width * 0.025
            lower = _bowl(width, 0.46 - _INSET / 2.0, 1.0, -90.0, 178.0)
            return [upper[:-8], lower[8:], points((width * 0.42, 0.475), (width * 0.62, 0.475))]
        case "5":
            bowl = _bowl(width, 0.36, 1.0, -150.0, 172.0)
            roof = points((width * 0.92, top), (left + 0.015, top), (left + 0.005, 0.56))
            return [roof, bowl]
        case "6":
            bowl = _bowl(width, 0.40, 1.0, -180.0, 181.0)
            stem = smooth(points((width * 0.74, 0.0), (width * 0.44, 0.27), (left + 0.03, 0.50), (left, 0.70)))
            return [bowl, stem]
        case "7":
            return [points((0.0, top), (right, top), (width * 0.36, 1.0))]
        case "8":
            upper = _bowl(width * 0.88, 0.0, 0.53, -180.0, 181.0)
            upper[:, 0] += width * 0.06
            return [upper, _bowl(width, 0.53 - _STROKE, 1.0, -180.0, 181.0)]
        case "S":
            spine = smooth(
                points(
                    (right, 0.30), (right - 0.03, 0.15), (width / 2, top), (left + 0.03, 0.13),
                    (left, 0.27), (left + 0.06, 0.40), (width / 2, 0.50), (right - 0.05, 0.60),
                    (right, 0.73), (right - 0.03, 0.87), (width / 2, bottom), (left + 0.03, 0.85),
                    (left, 0.70),
                )
            )  # fmt: skip
            return [spine]
        case "T":
            return [points((0.0, top), (width, top)), points((width / 2, 0.0), (width / 2, 1.0))]
        case "P":
            bowl = np.vstack(
                [
                    points((left, top)),
                    _bowl(width, 0.0, 0.58, -90.0, 90.0),
                    points((left, 0.58 - _INSET)),
                ]
            )
            return [points((left, 0.0), (left, 1.0)), bowl]
        case _:
            raise ValueError(f"no glyph for {character!r}")


def draw_text(canvas: Canvas, text: str, height: float, glyph_width: float, gap: float, colour: Colour) -> None:
    """Write `text` (digits and the letters of STOP) centred on the sign.

    `height` is a share of the sign; `glyph_width` and `gap` are shares of the height.
    """
    widths = [0.36 if character == "1" else glyph_width for character in text]
    total = sum(widths) + gap * (len(text) - 1)
    x = 0.5 - total * height / 2.0
    for character, width in zip(text, widths, strict=True):
        canvas.use_box(x, 0.5 - height / 2.0, height, height)
        for path in _glyph(character, width):
            canvas.stroke(path, _STROKE, colour)
        x += (width + gap) * height
    canvas.use_box(0.0, 0.0, 1.0, 1.0)
