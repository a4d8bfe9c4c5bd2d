"""Mounting and distances on real drives: nothing is known of their cameras, but two ways to the same must agree."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.mounting import MountedCamera
from calibration.mounting_search import MountingSearch
from edge.frame_reader import open_reader
from edge.placing import Placing
from edge.reader import SignReader
from edge.sources import open_source


def assumed(width: int, height: int, focal_widths: float) -> Camera:
    """A camera of a usual field of view."""
    focal = focal_widths * width
    matrix = np.array([[focal, 0.0, width / 2 - 0.5], [0.0, focal, height / 2 - 0.5], [0.0, 0.0, 1.0]])
    return Camera("assumed", (width, height), "pinhole", matrix, np.zeros(5))


def test_flow_and_lane_lines_of_a_motorway_tell_the_same_mounting(data_folder: Path) -> None:
    search = MountingSearch(assumed(960, 540, 1.0))
    with open_source(str(data_folder / "clips" / "highway-no-signs.mp4")) as source:
        for frame in source.frames():
            search.take(frame.image, frame.time_s)
    found = search.result(1.3, 0.05)
    assert found.lanes is not None
    assert found.lanes.pitch_deg == pytest.approx(found.flow.pitch_deg, abs=0.3)
    assert found.lanes.yaw_deg == pytest.approx(found.flow.yaw_deg, abs=0.3)
    assert found.lanes.looks > 30


def test_two_signs_on_a_pole_are_equally_far_away_and_come_nearer(data_folder: Path) -> None:
    reader = open_reader()
    placing = Placing(MountedCamera(assumed(1280, 720, 0.8)), reader.catalogue, "country")
    signs = SignReader(reader, "coast", placing=placing)
    told: dict[int, list[float]] = defaultdict(list)
    try:
        with open_source(str(data_folder / "clips" / "coast-60-no-passing.mp4")) as source:
            for frame in source.frames():
                for sign in signs.read(frame).signs:
                    if sign.class_id in (3, 9) and sign.state == "confirmed":
                        assert sign.distance_m is not None
                        told[sign.class_id].append(sign.distance_m)
    finally:
        reader.close()
    count = min(len(distances) for distances in told.values())
    assert set(told) == {3, 9}
    assert count > 15
    limit, ban = np.array(told[3][-count:]), np.array(told[9][-count:])
    assert limit == pytest.approx(ban, rel=0.06)
    assert (np.diff(limit) < 0).mean() > 0.9
