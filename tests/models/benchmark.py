"""Small data sets in the layouts of the benchmarks, drawn here, so that the readers can be tested anywhere."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 24
ROI = (4, 5, 19, 18)
"""x1, y1, x2, y2, inclusive: 16 wide, 14 high."""


def picture(value: int) -> NDArray[np.uint8]:
    """Dark, with `value` inside the region of interest."""
    image = np.full((SIDE, SIDE, 3), 10, np.uint8)
    image[ROI[1] : ROI[3] + 1, ROI[0] : ROI[2] + 1] = value
    return image


def encode(suffix: str, image: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1])


def kaggle(root: Path, tracks: int = 3, per_track: int = 4, classes: int = 2) -> Path:
    """`Train.csv`, `Test.csv` and pictures as Kaggle gives them."""
    header = "Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId,Path\n"
    box = ",".join(map(str, (SIDE, SIDE, *ROI)))
    rows = []
    for class_id in range(classes):
        for track in range(tracks):
            for number in range(per_track):
                path = f"Train/{class_id}/{class_id:05}_{track:05}_{number:05}.png"
                rows.append(f"{box},{class_id},{path}\n")
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(encode(".png", picture(100 + class_id)))
    (root / "Train.csv").write_text(header + "".join(rows))
    (root / "Test").mkdir()
    for number in range(3):
        (root / f"Test/{number:05}.png").write_bytes(encode(".png", picture(200 + number)))
    (root / "Test.csv").write_text(
        header + "".join(f"{box},{number % classes},Test/{number:05}.png\n" for number in range(3))
    )
    return root


def official(root: Path, classes: int = 2) -> Path:
    """The official layout: PPM pictures, a table a class, the test table elsewhere."""
    header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"
    box = ";".join(map(str, (SIDE, SIDE, *ROI)))
    for class_id in range(classes):
        folder = root / f"GTSRB/Final_Training/Images/{class_id:05}"
        folder.mkdir(parents=True)
        names = [f"{track:05}_{number:05}.ppm" for track in range(3) for number in range(4)]
        for name in names:
            (folder / name).write_bytes(encode(".ppm", picture(100 + class_id)))
        (folder / f"GT-{class_id:05}.csv").write_text(header + "".join(f"{name};{box};{class_id}\n" for name in names))
    folder = root / "GTSRB/Final_Test/Images"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number:05}.ppm").write_bytes(encode(".ppm", picture(200 + number)))
    (root / "GT-final_test.csv").write_text(
        header + "".join(f"{number:05}.ppm;{box};{number % classes}\n" for number in range(3))
    )
    return root


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    return target
