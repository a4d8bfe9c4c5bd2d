"""Drives past signs, as frames' messages say them, for tests of what is in force."""

from dataclasses import dataclass, field

import msgspec

from edge.in_force import InForce
from edge.messages import FrameMessage, Sign
from edge.state_message import DriveState
from models.catalogue import load_catalogue
from tests.edge.messages import MESSAGE, SIGN

FRAME_S = 0.04
WIDTH_PX, HEIGHT_PX = MESSAGE.size
IN_VIEW = (700.0, 300.0, 40.0, 40.0)
AT_THE_EDGE = (WIDTH_PX - 50.0, 200.0, 100.0, 100.0)
KINDS = {kind.code: kind for kind in load_catalogue()}


def sign(code: str, track: int, /, **changes: object) -> Sign:
    """A sign of the package's catalogue, read surely in the middle of the picture."""
    kind = KINDS[code]
    named = msgspec.structs.replace(
        SIGN,
        track=track,
        class_id=kind.class_id,
        code=kind.code,
        name=kind.name,
        category=kind.category,
        value=kind.value,
        unit=kind.unit,
        rules=kind.rules,
        confidence=0.999,
        hits=30,
        box=IN_VIEW,
    )
    return msgspec.structs.replace(named, **changes)


@dataclass
class Drive:
    """A drive at 25 frames a second; signs come and go as the test says."""

    keeper: InForce = field(default_factory=InForce)
    now_s: float = 1000.0
    frame: int = 0
    session: str = "a1b2"
    size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)

    @property
    def state(self) -> DriveState:
        return self.keeper.state(self.now_s)

    def limit(self) -> tuple[str, int | float | None]:
        """Status and value of the speed limit; where it is unknown, why."""
        rule = self.state.speed_limit
        return (rule.why or "?", None) if rule.status == "unknown" else (rule.status, rule.value)

    def see(self, *signs: Sign, frames: int = 1) -> None:
        """So many frames with these signs."""
        for _ in range(frames):
            self.now_s += FRAME_S
            self.frame += 1
            self.keeper.update(self.message(*signs), self.now_s)

    def message(self, *signs: Sign) -> FrameMessage:
        return msgspec.structs.replace(
            MESSAGE,
            session=self.session,
            frame=self.frame,
            captured_ns=round(self.now_s * 1e9),
            size=self.size,
            signs=signs,
        )

    def pass_by(self, *signs: Sign) -> None:
        """They are seen, leave the picture at its edge together, and are gone."""
        self.see(*signs, frames=5)
        self.see(*(msgspec.structs.replace(one, box=AT_THE_EDGE) for one in signs))
        self.see()

    def lose(self, *signs: Sign) -> None:
        """They are seen, and are gone in the middle of the picture."""
        self.see(*signs, frames=5)
        self.see()

    def wait(self, seconds: float) -> None:
        """An empty road for so long, a frame a second."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s = min(self.now_s + 1.0, end_s)
            self.frame += 1
            self.keeper.update(self.message(), self.now_s)


def after(*codes: str) -> Drive:
    """A drive that has passed these signs, one by one."""
    drive = Drive()
    for number, code in enumerate(codes):
        drive.pass_by(sign(code, 900 + number))
    return drive
