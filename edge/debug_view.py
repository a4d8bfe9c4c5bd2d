"""Why a frame was read as it was, for people: one picture of all that led to the message.

+---------------------------+--------------+
| the frame with candidates | tracks and   |
| and signs                 | their votes  |
+------+------+------+------+ best         |
| maps in which regions are | candidates,  |
| looked for                | what is said |
+------+------+------+------+--------------+
"""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.candidates import working_picture
from detector.colour import MAPS, colour_maps
from detector.crops import cut_crop
from detector.light import unveiled
from detector.regions import CUTS
from detector.tracker import Track
from edge.frame_reader import FrameReading
from edge.messages import FrameMessage
from edge.overlay import CONFIRMED, FONT, INK, PAPER, TENTATIVE, Colour, draw_message, label
from edge.reader import Insight
from models.catalogue import Catalogue

FRAME_WIDTH_PX = 1280
PANEL_WIDTH_PX = 480
LEAST_HEIGHT_PX = 720
ROW_PX = 44
LINE_PX = 18
MARGIN_PX = 10
TEXT_SCALE = 0.42
VOTES = 3
"""Classes of a track that are shown, the likeliest first."""
MOST_TRACKS = 5
NOT_A_SIGN: Colour = (150, 150, 150)
"""Of a candidate that the network takes for background."""
TEXT: Colour = (225, 225, 225)
BAR: Colour = (90, 90, 90)

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8 BGR"""


def draw_insight(image: Picture, message: FrameMessage, insight: Insight) -> Picture:
    """A picture of even width and height, of the same size for all frames of one size."""
    frame = _fitted(_draw_candidates(draw_message(image, message), insight.reading), FRAME_WIDTH_PX)
    maps = _draw_maps(image)
    left = len(frame) + len(maps)
    drawn = np.full((max(LEAST_HEIGHT_PX, left + left % 2), FRAME_WIDTH_PX + PANEL_WIDTH_PX, 3), INK, np.uint8)
    drawn[: len(frame), : frame.shape[1]] = frame
    drawn[len(frame) : left, : maps.shape[1]] = maps
    panel = drawn[:, FRAME_WIDTH_PX:]
    top = _draw_tracks(panel, insight)
    _draw_answers(panel, top, image, insight)
    return drawn


def _fitted(image: Picture, side_px: int) -> Picture:
    """As wide as `side_px`, or as high where it is higher than wide."""
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    order = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=order), np.uint8)


def _draw_candidates(image: Picture, reading: FrameReading) -> Picture:
    """The best last, so that it lies on top; the number is its place among those that were looked at."""
    scale = max(0.3, image.shape[1] / 1360 * 0.4)
    signs = reading.probabilities[:, :-1].max(axis=1, initial=0.0)
    for rank in range(len(reading.candidates) - 1, -1, -1):
        x, y, w, h = reading.candidates.boxes_xywh_px[rank].round().astype(int).tolist()
        colour = _mixed(NOT_A_SIGN, TENTATIVE, float(signs[rank]))
        cv2.rectangle(image, (x, y), (x + w, y + h), colour, 1)
        cv2.putText(image, str(rank + 1), (x, y - 2), FONT, scale, colour, 1, cv2.LINE_AA)
    return image


def _draw_maps(image: Picture) -> Picture:
    """The maps in which regions are looked for, side by side."""
    with ThreadPoolExecutor(1) as executor:
        maps = colour_maps(unveiled(working_picture(image), executor), executor)
    width = FRAME_WIDTH_PX // len(CUTS)
    panels = []
    for cut in CUTS:
        grey = maps[MAPS.index(cut.map)]
        panel = _fitted(np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8), width)
        label(panel, cut.map.replace("_", " "), (0, 0), 0, TEXT_SCALE, INK, PAPER)
        panels.append(panel)
    return np.concatenate(panels, axis=1)


def _draw_tracks(panel: Picture, insight: Insight) -> int:
    """The tracks that were seen most, each with its likeliest classes; gives where the next thing may begin."""
    top = _headline(panel, 0, f"{len(insight.tracks)} tracks")
    for track in sorted(insight.tracks, key=lambda track: -track.hits)[:MOST_TRACKS]:
        if top + (VOTES + 2) * LINE_PX > len(panel):
            break
        colour = CONFIRMED if track.state == "confirmed" else TENTATIVE
        said = (
            f"#{insight.tracks_before + track.number} {track.state}, seen in {track.hits} of {track.age} frames, "
            f"{track.evidence.looks:.1f} looks"
        )
        _text(panel, said, (MARGIN_PX, top), colour)
        top += LINE_PX
        for name, share in _votes(track, insight.catalogue):
            _bar(panel, top, share, name)
            top += LINE_PX
        top += LINE_PX // 2
    return top


def _votes(track: Track, catalogue: Catalogue) -> list[tuple[str, float]]:
    """The likeliest classes with their probabilities; "no sign" among them."""
    shares = np.append(track.posterior, 1 - track.evidence.existence)
    order = np.argsort(-shares, kind="stable")[:VOTES].tolist()
    return [(catalogue[row].name if row < len(catalogue) else "no sign", float(shares[row])) for row in order]


def _draw_answers(panel: Picture, top: int, image: Picture, insight: Insight) -> None:
    """Crops of the best candidates, as many as there is room for, and what the network said of each."""
    reading, catalogue = insight.reading, insight.catalogue
    top = _headline(panel, top, f"{len(reading.candidates)} candidates, the best of them:")
    side = ROW_PX - 4
    for rank in range(min(len(reading.candidates), (len(panel) - top) // ROW_PX)):
        x, y, w, h = reading.candidates.boxes_xywh_px[rank].tolist()
        panel[top : top + side, MARGIN_PX : MARGIN_PX + side] = cut_crop(image, (x, y, w, h), 0.0, side)
        answer = reading.probabilities[rank]
        best = int(answer.argmax())
        name = catalogue[best].name if best < len(catalogue) else "no sign"
        colour = NOT_A_SIGN if best == len(catalogue) else TEXT
        left = 2 * MARGIN_PX + side
        _text(panel, f"{rank + 1}   score {reading.candidates.scores[rank]:.1f}", (left, top), colour)
        _text(panel, f"{answer[best]:.1%}  {name}", (left, top + LINE_PX), colour)
        top += ROW_PX


def _headline(panel: Picture, top: int, text: str) -> int:
    _text(panel, text, (MARGIN_PX, top + LINE_PX // 2), PAPER)
    return top + 2 * LINE_PX


def _bar(panel: Picture, top: int, share: float, name: str) -> None:
    left, right = 2 * MARGIN_PX, PANEL_WIDTH_PX - MARGIN_PX
    cv2.rectangle(panel, (left, top + 2), (left + round(share * (right - left)), top + LINE_PX - 2), BAR, cv2.FILLED)
    _text(panel, f"{share:6.1%}  {name}", (left + 4, top), TEXT)


def _text(panel: Picture, text: str, left_top: tuple[int, int], colour: Colour) -> None:
    left, top = left_top
    cv2.putText(panel, text, (left, top + LINE_PX - 5), FONT, TEXT_SCALE, colour, 1, cv2.LINE_AA)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two."""
    first, second, third = (round(a + share * (b - a)) for a, b in zip(one, other, strict=True))
    return first, second, third
