"""A control process that listens to Signwatch: it keeps to the limit and stops at stop signs.

    python docs/examples/speed_assistant.py tcp://127.0.0.1:5556 --wish 100

The vehicle is simulated, and so is its driver's wish: a real one commands an actuator in place of `Vehicle.step`, and
measures its speed. Prints a line of JSON five times a second and whenever its reason changes.

What it does, and what it falls back to:

- A limit is in force: no faster than it, nor than the driver wants.
- A sign has ended it: as the driver wants.
- No limit is known: no faster than the last one known, or than CAUTIOUS_KMH where there was none. What can't be known
  is never a reason to go faster.
- A stop sign is ahead: it brakes so as to stand there, by the distance where the camera is calibrated, else by how far
  stop signs are when they are first read. It stands for STANDING_S. Should the stream die on the way, it still stops.
- The newest frame is late: it does not accelerate.
- The stream is dead: it slows down to FALLBACK_KMH and calls the driver.
"""

import argparse
import json
import math
import signal
import time
from dataclasses import dataclass
from types import FrameType

from edge import DriveState, Rule, SignSubscriber

STEP_S = 0.05
REPORT_S = 0.2
ACCELERATION, BRAKING, FIRM_BRAKING = 1.5, 2.0, 5.0
"""m/s². Firm where gentle braking would come too late."""
CAUTIOUS_KMH = 50.0
FALLBACK_KMH = 30.0
CREEP_KMH = 8.0
STANDING_S = 3.0
UNMEASURED_STOP_M = 30.0
"""How far ahead a stop sign is taken to be when it is first read, without calibration; it is rather farther."""
AT_THE_LINE_M = 1.0
SAME_STOP_M = 20.0
"""Behind a stop sign that was obeyed there is no other one."""
DEAD_S = 2.0
"""Of the newest frame's age."""
MS_PER_KMH = {"km/h": 1 / 3.6, "mph": 1.609344 / 3.6}


@dataclass
class Vehicle:
    """A point that moves along a road."""

    speed_m_s: float
    travelled_m: float = 0.0

    def step(self, wanted_m_s: float, braking_m_s2: float, step_s: float) -> None:
        """Come nearer to a speed, as fast as one may."""
        change = min(max(wanted_m_s - self.speed_m_s, -braking_m_s2 * step_s), ACCELERATION * step_s)
        self.speed_m_s = max(self.speed_m_s + change, 0.0)
        self.travelled_m += self.speed_m_s * step_s


@dataclass
class Decision:
    """What to do now, and why."""

    wanted_m_s: float
    braking_m_s2: float
    reason: str


@dataclass
class Stop:
    """A stop sign that is being obeyed."""

    track: int
    at_m: float
    """Where it is, on the vehicle's own odometer."""
    stood_s: float = 0.0


class Assistant:
    """Decides. It reads no clock and no socket, so that it can be tried out without a vehicle."""

    def __init__(self, wish_kmh: float) -> None:
        self._wish_m_s = wish_kmh / 3.6
        self._cap_m_s = CAUTIOUS_KMH / 3.6
        """The last limit known; infinite after an end."""
        self._stop: Stop | None = None
        self._obeyed: Stop | None = None
        """The last one, with where the vehicle stood."""

    def decide(self, state: DriveState, *, alive: bool, fresh: bool, vehicle: Vehicle, step_s: float) -> Decision:
        """The next step's speed. `alive`: what is in force is told; `fresh`: the newest frame is, too."""
        decision = self._by_limit(state.speed_limit)
        if not alive:
            decision = Decision(min(decision.wanted_m_s, FALLBACK_KMH / 3.6), BRAKING, "no sign reader: take over")
        elif not fresh:
            decision = Decision(min(decision.wanted_m_s, vehicle.speed_m_s), BRAKING, "the newest frame is late")
        self._look_for_stop(state, alive, vehicle)
        stopping = self._by_stop(vehicle, step_s)
        return stopping if stopping is not None and stopping.wanted_m_s < decision.wanted_m_s else decision

    def _by_limit(self, limit: Rule) -> Decision:
        if limit.status == "in-force" and limit.value is not None and limit.unit in MS_PER_KMH:
            self._cap_m_s = limit.value * MS_PER_KMH[limit.unit]
            reason = f"limit {limit.value:g} {limit.unit}"
        elif limit.status == "ended":
            self._cap_m_s = math.inf
            reason = "no limit by signs"
        else:  # the last one stays the cap
            reason = "limit unknown"
        return Decision(min(self._wish_m_s, self._cap_m_s), BRAKING, reason)

    def _look_for_stop(self, state: DriveState, alive: bool, vehicle: Vehicle) -> None:
        sign = state.coming("stop")
        if sign is None:
            if alive:  # it was told for as long as it mattered, or was another sign after all
                self._stop = None
            return
        done = self._obeyed
        if done is not None and (sign.track == done.track or vehicle.travelled_m - done.at_m < SAME_STOP_M):
            return
        if self._stop is None:
            self._stop = Stop(sign.track, vehicle.travelled_m + UNMEASURED_STOP_M)
        self._stop.track = sign.track  # one that was lost and found again has another number
        if sign.place == "passed":
            self._stop.at_m = min(self._stop.at_m, vehicle.travelled_m)
        elif sign.place == "ahead" and sign.distance_m is not None:
            self._stop.at_m = vehicle.travelled_m + sign.distance_m - vehicle.speed_m_s * sign.age_s

    def _by_stop(self, vehicle: Vehicle, step_s: float) -> Decision | None:
        stop = self._stop
        if stop is None:
            return None
        left_m = stop.at_m - vehicle.travelled_m - AT_THE_LINE_M
        if left_m <= 0 and vehicle.speed_m_s < 0.1:
            stop.stood_s += step_s
            if stop.stood_s >= STANDING_S:
                self._obeyed, self._stop = Stop(stop.track, vehicle.travelled_m), None
                return None
        allowed_m_s = math.sqrt(2 * BRAKING * left_m) if left_m > 0 else 0.0
        needed_m_s2 = vehicle.speed_m_s**2 / (2 * max(left_m, 0.1))
        braking_m_s2 = min(max(needed_m_s2, BRAKING), FIRM_BRAKING)
        return Decision(allowed_m_s if left_m <= 0 else max(allowed_m_s, CREEP_KMH / 3.6), braking_m_s2, "stop sign")


def main() -> None:
    """Run until stopped."""
    parser = argparse.ArgumentParser(description="Keep a simulated vehicle to the signs that Signwatch reads.")
    parser.add_argument("address", nargs="?", default="tcp://127.0.0.1:5556")
    parser.add_argument("--wish", type=float, default=100.0, metavar="KMH", help="How fast the driver wants to go.")
    parser.add_argument("--speed", type=float, default=0.0, metavar="KMH", help="How fast it is at the start.")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _drive(asked.address, Assistant(asked.wish), Vehicle(asked.speed / 3.6))
    except KeyboardInterrupt:
        return


def _drive(address: str, assistant: Assistant, vehicle: Vehicle) -> None:
    began_s = last_s = time.monotonic()
    reported_s, reported = -math.inf, ""
    with SignSubscriber(address, newest_only=True) as signs:
        while True:
            signs.receive(STEP_S)  # also takes in what is in force
            now_s = time.monotonic()
            if now_s - last_s < STEP_S:
                continue
            state = signs.drive_state()
            decision = assistant.decide(
                state,
                alive=signs.alive and signs.fresh_ms is not None and signs.fresh_ms < 1e3 * DEAD_S,
                fresh=signs.ok(),
                vehicle=vehicle,
                step_s=now_s - last_s,
            )
            vehicle.step(decision.wanted_m_s, decision.braking_m_s2, now_s - last_s)
            last_s = now_s
            if decision.reason != reported or now_s - reported_s >= REPORT_S:
                reported_s, reported = now_s, decision.reason
                limit = state.speed_limit
                line = {
                    "s": round(now_s - began_s, 2),
                    "speed_kmh": round(3.6 * vehicle.speed_m_s, 1),
                    "wanted_kmh": round(3.6 * decision.wanted_m_s, 1),
                    "limit": None if limit.value is None else f"{limit.value:g} {limit.unit}",
                    "reason": decision.reason,
                }
                print(json.dumps(line), flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
