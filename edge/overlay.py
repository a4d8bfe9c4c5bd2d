"""Drawing what was read onto the frame, for people."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.messages import FrameMessage, Sign

Colour = tuple[int, int, int]
"""BGR, 0 to 255."""

CONFIRMED: Colour = (80, 220, 60)
TENTATIVE: Colour = (0, 190, 255)
INK: Colour = (20, 20, 20)
PAPER: Colour = (245, 245, 245)
FONT = cv2.FONT_HERSHEY_DUPLEX


def draw_message(image: NDArray[np.uint8], message: FrameMessage) -> NDArray[np.uint8]:
    """A copy of the frame (height, width, 3) uint8 BGR with every sign's box and name, and a line on the whole."""
    drawn = image.copy()
    scale = max(0.35, image.shape[1] / 1360 * 0.55)
    for sign in sorted(message.signs, key=lambda sign: sign.state == "confirmed"):
        _draw_sign(drawn, sign, scale)
    confirmed = sum(sign.state == "confirmed" for sign in message.signs)
    when = f"{message.media_s:7.2f} s" if message.media_s is not None else f"frame {message.frame}"
    status = f"{when}   {confirmed} confirmed, {len(message.signs) - confirmed} tentative"
    status += f"   {message.latency_ms.candidates + message.latency_ms.classify:.0f} ms"
    label(drawn, status, (0, 0), 0, scale, INK, PAPER)
    return drawn


def _draw_sign(image: NDArray[np.uint8], sign: Sign, scale: float) -> None:
    colour = CONFIRMED if sign.state == "confirmed" else TENTATIVE
    x, y, w, h = (round(value) for value in sign.box)
    thickness = max(1, round(3 * scale)) if sign.measured else 1
    cv2.rectangle(image, (x, y), (x + w, y + h), colour, thickness)
    gap = round(6 * scale)
    if sign.state == "confirmed":
        where = "" if sign.distance_m is None else f"  {sign.distance_m:.0f} m"
        label(image, f"{sign.name}  {sign.confidence:.0%}{where}", (x - gap, x + w + gap), y, scale, INK, colour)
    else:
        label(image, f"{sign.name}?", (x - gap, x + w + gap), y, 0.8 * scale, colour, INK)


def label(
    image: NDArray[np.uint8],
    text: str,
    between: tuple[int, int],
    top: int,
    scale: float,
    ink: Colour,
    paper: Colour,
) -> None:
    """Text on a plate beside what lies `between` two columns: to the right where there is room, else to the left.

    Never above or below: signs share poles, and a plate must not cover the next one.
    """
    (width, height), below = cv2.getTextSize(text, FONT, scale, 1)
    pad = max(2, round(5 * scale))
    width, height = width + 2 * pad, height + below + 2 * pad
    left = between[1] if between[1] + width <= image.shape[1] else max(0, between[0] - width)
    top = max(0, min(top, image.shape[0] - height))
    cv2.rectangle(image, (left, top), (left + width, top + height), paper, cv2.FILLED)
    cv2.putText(image, text, (left + pad, top + height - below - pad), FONT, scale, ink, 1, cv2.LINE_AA)
