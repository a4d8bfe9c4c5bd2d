"""The worked example of a control process: its rules by themselves, and as a process that listens to others."""

import importlib.util
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.sample_drive import SampleDrive, write_drive
from tests.edge.cli.live_run import START_S, live_run
from tests.edge.in_force.road import Drive, after, sign
from tests.waiting import eventually

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "docs" / "examples" / "speed_assistant.py"
STEP_S = 0.05
LIMIT_AND_STOP = 36
"""The sample drive that begins with a limit of 50 and a stop sign behind it."""


def load_example() -> Any:
    spec = importlib.util.spec_from_file_location("speed_assistant", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


example = load_example()


class Ride:
    """The example's assistant and vehicle on a road of ours."""

    def __init__(self, drive: Drive, *, speed_kmh: float, wish_kmh: float = 100.0) -> None:
        self.drive = drive
        self.vehicle = example.Vehicle(speed_kmh / 3.6)
        self.assistant = example.Assistant(wish_kmh)
        self.alive = self.fresh = True
        self.reason = ""

    @property
    def kmh(self) -> float:
        return float(self.vehicle.speed_m_s * 3.6)

    def is_at(self, kmh: float, reason: str) -> bool:
        return self.kmh == pytest.approx(kmh) and self.reason == reason

    def go(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            decision = self.assistant.decide(
                self.drive.state, alive=self.alive, fresh=self.fresh, vehicle=self.vehicle, step_s=STEP_S
            )
            self.vehicle.step(decision.wanted_m_s, decision.braking_m_s2, STEP_S)
            self.reason = decision.reason

    def go_to_stop(self, at_m: float, seconds: float, *, measured: bool) -> None:
        """Approach a stop sign that stands at a place on the odometer, and is seen until it is passed."""
        for _ in range(round(seconds / STEP_S)):
            left_m = at_m - self.vehicle.travelled_m
            if left_m > 3:
                self.drive.see(sign("206", 50, distance_m=left_m if measured else None))
            elif (coming := self.drive.state.coming("stop")) is not None and coming.place == "ahead":
                self.drive.pass_by(sign("206", 50))
            else:
                self.drive.see()
            self.go(STEP_S)


@pytest.mark.parametrize(("codes", "kmh"), [(("274-50",), 50), (("274-80",), 80), (("274-120",), 100)])
def test_it_keeps_to_the_limit_and_to_the_drivers_wish(codes: tuple[str, ...], kmh: float) -> None:
    ride = Ride(after(*codes), speed_kmh=95)
    ride.go(30)
    assert ride.kmh == pytest.approx(kmh)


def test_after_an_end_it_goes_as_the_driver_wants() -> None:
    ride = Ride(after("274-50"), speed_kmh=50)
    ride.go(1)
    ride.drive.pass_by(sign("282", 7))
    ride.go(30)
    assert ride.is_at(100, "no limit by signs")


def test_what_is_unknown_is_no_reason_to_go_faster() -> None:
    ride = Ride(Drive(), speed_kmh=0)
    ride.go(30)
    assert ride.is_at(example.CAUTIOUS_KMH, "limit unknown")
    ride.drive.pass_by(sign("274-30", 1))
    ride.go(30)
    ride.drive.wait(1000)
    assert ride.drive.limit() == ("too-old", None)
    ride.go(30)
    assert ride.kmh == pytest.approx(30)


def test_late_frames_let_it_go_on_but_not_faster() -> None:
    ride = Ride(after("274-100"), speed_kmh=60)
    ride.fresh = False
    ride.go(10)
    assert ride.is_at(60, "the newest frame is late")


def test_a_dead_stream_slows_it_down_gently() -> None:
    ride = Ride(after("274-100"), speed_kmh=100)
    ride.go(1)
    ride.alive = ride.fresh = False
    ride.drive.keeper.forget()
    before = ride.vehicle.speed_m_s
    ride.go(1)
    assert before - ride.vehicle.speed_m_s == pytest.approx(example.BRAKING)
    ride.go(30)
    assert ride.is_at(example.FALLBACK_KMH, "no sign reader: take over")


@pytest.mark.parametrize("kmh", [30, 50, 80])
def test_it_stands_at_a_stop_sign_whose_distance_is_known(kmh: float) -> None:
    ride = Ride(after("274-100"), speed_kmh=kmh, wish_kmh=kmh)
    ride.go_to_stop(ride.vehicle.travelled_m + 140, 45, measured=True)
    assert ride.kmh > 5, "it has gone on after standing"
    ride = Ride(after("274-100"), speed_kmh=kmh, wish_kmh=kmh)
    at_m = ride.vehicle.travelled_m + 140
    for _ in range(2000):
        ride.go_to_stop(at_m, STEP_S, measured=True)
        if ride.kmh < 0.1:
            break
    assert ride.kmh < 0.1
    assert at_m - 3 <= ride.vehicle.travelled_m <= at_m


def test_without_a_distance_it_brakes_at_first_sight_and_stands_when_the_sign_is_passed() -> None:
    ride = Ride(after("274-50"), speed_kmh=50)
    at_m = ride.vehicle.travelled_m + 60
    speeds = []
    for _ in range(600):
        ride.go_to_stop(at_m, STEP_S, measured=False)
        speeds.append(ride.kmh)
        if ride.kmh < 0.1:
            break
    assert ride.kmh < 0.1
    assert ride.vehicle.travelled_m <= at_m
    hardest_m_s2 = max(before - after for before, after in itertools.pairwise(speeds)) / 3.6 / STEP_S
    assert hardest_m_s2 <= example.FIRM_BRAKING + 1e-6


def test_it_stops_though_the_stream_dies_on_the_way() -> None:
    ride = Ride(after("274-50"), speed_kmh=50)
    at_m = ride.vehicle.travelled_m + 70
    ride.go_to_stop(at_m, 1.0, measured=True)
    assert ride.kmh > 40
    ride.alive = ride.fresh = False
    ride.drive.keeper.forget()
    for _ in range(600):
        ride.go(STEP_S)
        if ride.kmh < 0.1:
            break
    assert (ride.kmh < 0.1, ride.reason) == (True, "stop sign")
    assert at_m - 3 <= ride.vehicle.travelled_m <= at_m


def test_a_stop_sign_that_was_another_one_after_all_lets_it_go_on() -> None:
    ride = Ride(after("274-50"), speed_kmh=50)
    ride.drive.see(sign("206", 1))
    ride.go(1)
    assert ride.reason == "stop sign"
    ride.drive.see(sign("274-50", 1))
    ride.go(10)
    assert ride.is_at(50, "limit 50 km/h")


# As a process of its own.


class Talking:
    """A process whose lines are read as they come."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def last(self) -> dict[str, Any]:
        """The newest of its lines, as JSON."""
        return dict(json.loads(self.lines[-1])) if self.lines else {}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reading.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)


@contextmanager
def talking(*arguments: str) -> Iterator[Talking]:
    one = Talking(*arguments)
    try:
        yield one
    finally:
        one.end()


def road_publisher(address: str = "tcp://127.0.0.1:*") -> Any:
    return talking("-m", "tests.docs.road_publisher", address)


def test_as_a_process_it_follows_a_publisher_until_that_one_is_killed_and_comes_again() -> None:
    with road_publisher() as publisher:
        eventually(lambda: publisher.lines, START_S)
        address = publisher.lines[0].strip()
        with talking(str(EXAMPLE), address, "--speed", "90") as assistant:
            eventually(lambda: assistant.last().get("reason") == "limit unknown", START_S)
            publisher.tell("see 274-80")
            publisher.tell("pass 274-80")
            eventually(lambda: assistant.last()["reason"] == "limit 80 km/h")
            publisher.tell("see 274-30")
            eventually(lambda: assistant.last()["wanted_kmh"] == 30.0)
            publisher.tell("pass 274-30")
            eventually(lambda: assistant.last()["speed_kmh"] == 30.0)
            publisher.tell("see 206")
            eventually(lambda: assistant.last()["reason"] == "stop sign")
            publisher.tell("pass 206")
            eventually(lambda: assistant.last()["speed_kmh"] == 0.0)
            eventually(lambda: assistant.last()["speed_kmh"] > 5.0)

            publisher.process.kill()  # in mid-stream
            eventually(lambda: assistant.last()["reason"] == "no sign reader: take over")
            eventually(lambda: assistant.last()["limit"] is None)
            assert assistant.last()["wanted_kmh"] <= example.FALLBACK_KMH

            with road_publisher(address) as second:
                eventually(lambda: assistant.last()["reason"] == "limit unknown", START_S)
                second.tell("see 274-50")
                second.tell("pass 274-50")
                eventually(lambda: assistant.last()["reason"] == "limit 50 km/h")
                second.process.send_signal(signal.SIGSTOP)  # it hangs, and its connection stays
                eventually(lambda: assistant.last()["reason"] == "no sign reader: take over")
                second.process.send_signal(signal.SIGCONT)
                eventually(lambda: assistant.last()["reason"].startswith("limit"))

            assistant.process.send_signal(signal.SIGINT)
            assert assistant.process.wait(START_S) == 0


def test_it_keeps_to_the_signs_of_the_sample_drive_until_the_reader_is_killed(tmp_path: Path) -> None:
    drive = SampleDrive(seed=LIMIT_AND_STOP, seconds=6)
    write_drive(tmp_path / "drive.mp4", tmp_path / "truth.jsonl", drive, lambda *_: None)
    with (
        live_run(str(tmp_path / "drive.mp4"), "--name", "front") as run,
        talking(str(EXAMPLE), run.address) as assistant,
    ):
        eventually(lambda: assistant.last().get("reason") == "stop sign", START_S)
        eventually(lambda: assistant.last()["limit"] == "50 km/h", START_S)
        run.process.kill()
        eventually(lambda: assistant.last()["reason"] == "no sign reader: take over")
        eventually(lambda: assistant.last()["limit"] is None)
        assert {json.loads(line)["limit"] for line in assistant.lines} == {None, "50 km/h"}
