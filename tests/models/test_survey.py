from pathlib import Path

import numpy as np

from detector.crops import cut_crop
from models.archive import Archive
from models.gtsrb import list_pictures
from models.survey import Survey, like_tracks, survey
from tests.models import benchmark


def look(folder: Path) -> tuple[Survey, list[str]]:
    problems: list[str] = []
    with Archive(folder) as archive:
        pictures = list_pictures(archive, "train", 2, problems.append)
        return survey(archive, pictures, cut_crop, 0.12, 32, lambda done, total: None), problems


def test_sizes_light_and_tracks_are_those_of_the_sign_inside(tmp_path: Path) -> None:
    found, problems = look(benchmark.kaggle(tmp_path))
    assert problems == found.problems == []
    assert len(found.pictures) == len(found.crops) == 24
    assert set(found.side_px.tolist()) == {15.0}
    assert sorted(set(found.brightness.tolist())) == [100.0, 101.0]
    assert set(found.contrast.tolist()) == {0.0}
    assert found.tracks() == {f"{class_id}/0000{track}": 4 for class_id in (0, 1) for track in range(3)}
    assert len(found.duplicates) == 22, "all pictures of a class are the same here"


def test_what_is_broken_is_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    benchmark.kaggle(tmp_path)
    (tmp_path / "Train/0/00000_00000_00000.png").write_bytes(b"no picture")
    (tmp_path / "Train/0/00000_00000_00001.png").unlink()
    table = tmp_path / "Train.csv"
    lines = table.read_text().splitlines()
    lines[3] = lines[3].replace(",0,Train", ",99,Train")
    lines[4] = "24,24,a,b,c,d,0,Train/0/00000_00000_00003.png"
    lines[5] = lines[5].replace("24,24,4,5,19,18", "24,24,4,5,40,18")
    lines[6] = lines[6].replace("24,24,4,5,19,18", "24,24,90,95,99,99")
    table.write_text("\n".join(lines) + "\n")
    found, problems = look(tmp_path)
    assert [problem.split("Train", 1)[1] for problem in problems] == [
        ".csv, line 3: the picture Train/0/00000_00000_00001.png is missing",
        ".csv, line 4: class id 99, and there are 0 to 1",
        """.csv, line 5: ValueError("invalid literal for int() with base 10: 'a'")""",
    ]
    told = " ".join(found.problems)
    assert "00000_00000_00000.png: no picture that can be read" in told
    assert "00000_00001_00000.png: the sign's box reaches out of the picture of 24x24" in told
    assert "00000_00001_00001.png: the sign's box (90, 95, 10, 5) lies outside the picture" in told
    assert len(found.problems) == 3
    assert len(found.pictures) == 24 - 3 - 2


def test_tracks_that_show_the_same_are_paired_and_others_are_not(tmp_path: Path) -> None:
    benchmark.kaggle(tmp_path)
    generator = np.random.default_rng(0)
    patterns = [generator.integers(0, 255, (24, 24, 3), np.uint8) for _ in range(3)]
    patterns[2] = np.clip(patterns[0].astype(int) * 0.6 + 20, 0, 255).astype(np.uint8)  # the same in other light
    for track, pattern in enumerate(patterns):
        for file in (tmp_path / "Train/0").glob(f"*_0000{track}_*.png"):
            file.write_bytes(benchmark.encode(".png", pattern))
    found, _ = look(tmp_path)
    pairs = [pair for pair in like_tracks(found) if found.pictures[pair.first].class_id == 0]
    assert [(found.pictures[pair.first].track, found.pictures[pair.second].track) for pair in pairs] == [
        ("0/00000", "0/00002")
    ]
    assert pairs[0].likeness > 0.99


def test_an_empty_part_has_nothing(tmp_path: Path) -> None:
    benchmark.kaggle(tmp_path)
    with Archive(tmp_path) as archive:
        found = survey(archive, [], cut_crop, 0.12, 32, lambda done, total: None)
    assert found.pictures == [] and like_tracks(found) == []
    assert found.crops.shape == (0, 32, 32, 3)
