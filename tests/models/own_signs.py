"""A small set of signs in another country's style, drawn here: its catalogue, class folders and a road."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.models.benchmark import encode

CATALOGUE = """class_id,code,name,category,shape,colours,value,unit
0,W1-6,Curva peligrosa,danger,diamond,yellow black,,
1,R1-1,Pare,priority,octagon,red white,,
2,R2-1,Velocidad máxima 40,prohibitory,circle,red white black,40,mph
3,I-8,Estación de servicio,information,rectangle,blue white,,
"""
NAMES = ("Curva peligrosa", "Pare", "Velocidad máxima 40", "Estación de servicio")
FOLDERS = ("W1-6", "1", "Velocidad máxima 40", "estación de servicio")
"""Each named in another of the ways that are allowed."""

RED, YELLOW, BLUE = (40, 30, 200), (30, 200, 250), (190, 90, 20)
WHITE, BLACK = (245, 245, 245), (20, 20, 20)


def draw_own_sign(class_id: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The sign (side, side, 3) uint8 BGR, and its mask (side, side) uint8, 255 on the plate."""
    scale = 8 * side
    image, mask = np.zeros((scale, scale, 3), np.uint8), np.zeros((scale, scale), np.uint8)
    middle, radius = scale // 2, scale // 2 - 1

    def polygon(corners: int, turn_deg: float, share: float) -> NDArray[np.int32]:
        angles = np.radians(turn_deg + 360 / corners * np.arange(corners))
        points = middle + share * radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return np.rint(points).astype(np.int32)

    def fill(points: NDArray[np.int32], colour: tuple[int, int, int]) -> None:
        cv2.fillPoly(image, [points], colour)
        cv2.fillPoly(mask, [points], 255)

    def write(text: str, colour: tuple[int, int, int]) -> None:
        size, _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1, 1)
        height = scale * 0.45 / size[1] if len(text) < 3 else scale * 0.7 / size[0]
        size, _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, height, 1)
        place = (middle - size[0] // 2, middle + size[1] // 2)
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, height, colour, max(1, scale // 16))

    if class_id == 0:
        fill(polygon(4, 0, 1.0), BLACK)
        fill(polygon(4, 0, 0.92), YELLOW)
        cv2.polylines(image, [polygon(3, 30, 0.35)], False, BLACK, scale // 10)
    elif class_id == 1:
        fill(polygon(8, 22.5, 1.0), WHITE)
        fill(polygon(8, 22.5, 0.93), RED)
        write("PARE", WHITE)
    elif class_id == 2:
        fill(polygon(60, 0, 1.0), RED)
        fill(polygon(60, 0, 0.78), WHITE)
        write("40", BLACK)
    else:
        fill(polygon(4, 45, 1.3), BLUE)
        cv2.rectangle(image, (scale // 3, scale // 4), (2 * scale // 3, 3 * scale // 4), WHITE, cv2.FILLED)
    size = (side, side)
    shrunk = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.uint8), np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)


def place(image: NDArray[np.uint8], class_id: int, x: int, y: int, side: int, light: float = 1.0) -> None:
    """Put a sign into a picture, in place."""
    sign, mask = draw_own_sign(class_id, side)
    patch = image[y : y + side, x : x + side]
    alpha = mask[:, :, None] / 255.0
    patch[:] = np.rint(alpha * light * sign + (1 - alpha) * patch)


def road(*signs: tuple[int, int, int, int], seed: int = 0) -> NDArray[np.uint8]:
    """A plain, noisy frame of 640x480 with signs given as class id, x, y, side."""
    image = np.random.default_rng(seed).normal((150, 140, 130), 6, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    for sign in signs:
        place(image, *sign)
    return image


def own_signs(root: Path, tracks: int = 16, per_track: int = 5) -> tuple[Path, Path]:
    """A catalogue and a folder of class folders, with pictures in several formats."""
    generator = np.random.default_rng(5)
    root.mkdir(exist_ok=True)
    catalogue, folder = root / "signs.csv", root / "pictures"
    catalogue.write_text(CATALOGUE, encoding="utf-8")
    for class_id, name in enumerate(FOLDERS):
        (folder / name).mkdir(parents=True)
        for track in range(tracks):
            paper = generator.uniform(60, 200, 3)
            for number in range(per_track):
                image = generator.normal(paper, 8, (40, 40, 3)).clip(0, 255).astype(np.uint8)
                place(image, class_id, 1, 1, 38, generator.uniform(0.6, 1.0))
                suffix = (".png", ".jpg", ".webp", ".ppm")[track % 4]
                (folder / name / f"{track:05}_{number:05}{suffix}").write_bytes(encode(suffix, image))
    return catalogue, folder
