"""Recordings read in pieces, by processes that may die, into tables."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import cast

import msgspec
import pytest

from edge.archive.memory import Memory
from edge.archive.piece import Job, PieceResult
from edge.archive.workers import LocalWorkers
from edge.errors import SinkError
from edge.frame_reader import open_reader
from edge.messages import FrameMessage
from edge.reader import SignReader
from edge.sources import VideoSource
from models.errors import ModelError
from tests.edge.archive.drives import (
    KEYS_APART,
    Argument,
    Inline,
    Passing,
    Result,
    Troubled,
    pictures,
    read_archive,
    without_times,
    write_pictures,
    write_video,
)
from tests.edge.recording.full_disk import fill, small_disk
from tests.edge.recording.recordings import START_NS, write_recording

pq = pytest.importorskip("pyarrow.parquet", reason="tables need PyArrow")

PROJECT = Path(__file__).resolve().parents[3]
SIGNS_ON_THE_WAY: list[Passing] = [
    (10, 40, 14, 120), (60, 45, 2, 100), (95, 40, 1, 140), (140, 40, 17, 110), (170, 50, 38, 150),
]  # fmt: skip
"""Some overlap in time, so that a sign is in the picture at most joins."""
FRAMES = 220
RESTLESS_UNTIL = 160
"""Where some piece ends."""
SHORT_S, LONG_S = 1.0, 100.0


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("drive") / "drive.mp4", pictures(FRAMES, SIGNS_ON_THE_WAY))


@pytest.fixture(scope="module")
def messages(drive: Path) -> list[FrameMessage]:
    """Of one pass, as `signwatch process` makes it."""
    reader = open_reader()
    with VideoSource(drive) as source:
        signs = SignReader(reader, source.name)
        made = [signs.read(frame) for frame in source.frames()]
    reader.close()
    return made


class Restless(Inline):
    """Workers that follow something for a while at the beginning of one piece, so that it can't be joined there."""

    def submit(self, work: Callable[[Argument], Result], argument: Argument) -> "Future[Result]":
        future = super().submit(work, argument)
        result = future.result()
        if isinstance(result, PieceResult) and isinstance(argument, Job) and argument.piece.until == RESTLESS_UNTIL:
            calm = tuple(blank for blank in result.blanks if blank.first > RESTLESS_UNTIL - KEYS_APART // 2)
            future = Future()
            future.set_result(cast(Result, msgspec.structs.replace(result, blanks=calm)))
        return future


def test_pieces_give_sign_for_sign_what_one_pass_gives(
    drive: Path, messages: list[FrameMessage], tmp_path: Path
) -> None:
    confirmed = {sign.track for message in messages for sign in message.signs if sign.state == "confirmed"}
    views = {
        track: [
            (message.frame, message.media_s, sign.box, sign.class_id, sign.confidence)
            for message in messages
            for sign in message.signs
            if sign.track == track and sign.measured
        ]
        for track in confirmed
    }
    workers = Restless()
    _, found = read_archive([drive], tmp_path, SHORT_S, workers)
    jobs = [job for job in workers.done if isinstance(job, Job)]
    (finished,) = found.values()
    assert len(confirmed) == 5 and finished.pieces > 4
    assert any(job.piece.after_anchor for job in jobs), "joins that had to be read anew"
    read = {
        seen.sign.track: [(view.frame, view.time_s, view.box_xywh_px) for view in seen.views]
        for seen in finished.sightings
    }
    assert read == {track: [view[:3] for view in seen] for track, seen in views.items()}
    for seen in finished.sightings:
        assert (seen.sign.class_id, seen.sign.confidence) == views[seen.sign.track][-1][3:]
    assert finished.frames == FRAMES


def test_processes_that_crash_over_a_recording_do_not_stop_the_others(drive: Path, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    write_video(fleet / "crashes.mp4", pictures(25, []))
    short = write_video(fleet / "short.mp4", pictures(50, [(4, 40, 14, 120)]))
    workers = Troubled(LocalWorkers(2))
    try:
        counts, found = read_archive([fleet], tmp_path / "out", SHORT_S, workers)
    finally:
        workers.close()
    assert [Path(fault.partition(":")[0]).name for fault in counts.faults] == ["crashes.mp4"]
    assert "crashed 3 times" in (found["crashes.mp4"].fault or "")
    _, alone = read_archive([short], tmp_path / "alone", LONG_S, Inline())
    assert found["short.mp4"].sightings == alone["short.mp4"].sightings != ()
    again, found = read_archive([fleet], tmp_path / "out", SHORT_S, Inline())
    assert (again.known, again.faults, found["crashes.mp4"].fault) == (1, [], None), "tried again, the other known"


def test_what_is_known_is_not_read_again_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    first = write_video(fleet / "a.mp4", pictures(50, [(4, 40, 14, 120)]))
    (fleet / "cut.mp4").write_bytes(first.read_bytes()[:9000])
    write_pictures(fleet / "pictures", pictures(20, []))
    (fleet / "pictures" / "7.png").write_bytes(b"no picture")
    (fleet / "notes.txt").write_text("no recording")
    with pytest.MonkeyPatch.context() as patch:  # a run that ends when all is read and nothing is finished
        patch.setattr(Memory, "finish", _full)
        with pytest.raises(SinkError, match="full"):
            read_archive([first], tmp_path / "out", SHORT_S, Inline())
    workers = Inline()
    counts, found = read_archive([fleet], tmp_path / "out", SHORT_S, workers)
    assert [Path(job.recording.path).name for job in workers.done if isinstance(job, Job)] == ["pictures"]
    assert sorted(found) == ["a.mp4", "cut.mp4", "pictures"]
    assert found["pictures"].degraded == {"unreadable": 1} and found["pictures"].frames == 19
    assert len(counts.faults) == 1 and "cut.mp4 is cut off" in counts.faults[0]

    shutil.copy(first, fleet / "copy.mp4")
    (fleet / "pictures").rename(fleet / "moved")
    workers = Inline()
    counts, found = read_archive([fleet], tmp_path / "out", SHORT_S, workers)
    assert not [job for job in workers.done if isinstance(job, Job)], "nothing was read"
    assert (counts.known, counts.duplicates, len(counts.faults)) == (3, 1, 1)
    assert sorted(found) == ["a.mp4", "cut.mp4", "moved"]

    write_video(first, pictures(50, [(4, 40, 17, 120)]))
    _, found = read_archive([first], tmp_path / "out", SHORT_S, Inline())
    assert [seen.sign.class_id for seen in found["a.mp4"].sightings] == [17], "in place of what was there before"
    assert sorted(found) == ["a.mp4", "cut.mp4", "moved"]


def _full(*arguments: object) -> None:
    raise SinkError("full")


def archive(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "edge.cli", "archive", *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_that_was_killed_goes_on_and_its_processes_end_with_it(drive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = archive(drive, "--out", out, "--piece", SHORT_S, "--workers", 1)
    while _pieces(out) < 2:
        assert run.poll() is None
        time.sleep(0.05)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    left = _pieces(out)
    workers = Inline()
    _, found = read_archive([drive], out, SHORT_S, workers)
    _, alone = read_archive([drive], tmp_path / "alone", SHORT_S, Inline())
    assert without_times(found["drive.mp4"]) == without_times(alone["drive.mp4"])
    read = {job.piece for job in workers.done if isinstance(job, Job)}
    assert left >= 2 and len(read) <= alone["drive.mp4"].pieces + 4 - left
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def _pieces(out: Path) -> int:
    try:
        with sqlite3.connect(f"file:{out / 'archive.sqlite'}?mode=ro", uri=True, timeout=30) as file:
            (count,) = file.execute("SELECT count(*) FROM pieces").fetchone()
            return int(count)
    except sqlite3.OperationalError:
        return 0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive of one recording, with the way it took in a file beside it."""
    folder = tmp_path_factory.mktemp("written")
    recording = write_video(folder / "a.mp4", pictures(50, [(4, 40, 14, 120)]))
    (folder / "a.csv").write_text("media_s,latitude,longitude\n0,48,11\n10,48.1,11.2\n")
    from edge.archive.tables import write_tables

    out = folder / "out"
    read_archive([recording], out, LONG_S, Inline())
    with Memory(out) as memory:
        assert write_tables(out, memory.all_finished()) == 1
    yield out


def test_the_tables_say_what_was_found_to_any_tool(written: Path) -> None:
    from edge.archive.tables import SCHEMA, SCHEMA_KEY, SIGNS

    signs = pq.read_table(written / "signs.parquet")
    assert signs.schema.equals(SIGNS) and signs.schema.metadata[SCHEMA_KEY] == SCHEMA
    (row,) = signs.to_pylist()
    assert (row["class_id"], row["code"], row["name"], row["changes"]) == (14, "206", "Stop", 0)
    assert row["boxes"][0]["frame"] == row["first_frame"] < row["boxes"][-1]["frame"] == row["last_frame"]
    assert len(row["boxes"]) == row["hits"]
    assert row["latitude"] == pytest.approx(48 + row["best_s"] / 100)
    (thumbnail,) = pq.read_table(written / "thumbnails.parquet").to_pylist()
    assert thumbnail["jpeg"][:2] == b"\xff\xd8" and thumbnail["track"] == row["track"]
    (recording,) = pq.read_table(written / "recordings.parquet").to_pylist()
    assert (recording["frames"], recording["signs"], recording["state"], recording["width"]) == (50, 1, "done", 320)


def test_a_full_disk_is_one_clear_line(written: Path, tmp_path: Path) -> None:
    from edge.archive.tables import write_tables

    with small_disk(tmp_path / "disk", "300k") as disk:
        shutil.copy(written / "archive.sqlite", disk)
        fill(disk)
        with Memory(disk) as memory, pytest.raises(ModelError, match="make room"):
            write_tables(disk, memory.all_finished())
        with pytest.raises(SinkError, match=r"full.*make room"):
            read_archive([written.parent / "a.mp4"], disk, SHORT_S, Inline())


def test_every_camera_of_an_mcap_file_is_a_recording_with_the_vehicles_time(tmp_path: Path) -> None:
    write_recording(tmp_path / "drive.mcap", frames=6, cameras=("front", "rear"))
    (tmp_path / "drive.gpx").write_text("<gpx><trk/></gpx>")
    counts, found = read_archive([tmp_path], tmp_path / "out", SHORT_S, Inline())
    assert sorted(found) == ["drive.mcap#front", "drive.mcap#rear"]
    assert {one.started_ns for one in found.values()} == {START_NS}
    assert {one.frames for one in found.values()} == {6}
    assert len(counts.faults) == 2 and all("drive.gpx holds no position" in fault for fault in counts.faults)


def test_two_runs_do_not_write_into_one_archive(tmp_path: Path) -> None:
    with Memory(tmp_path), pytest.raises(SinkError, match="another"), Memory(tmp_path):
        pass
