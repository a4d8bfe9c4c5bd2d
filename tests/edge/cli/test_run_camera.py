"""A camera on this machine below a live run: a stand-in in OpenCV's place, as no V4L2 device can be made here."""

from pathlib import Path

from tests.edge.cli.live_run import live_run
from tests.edge.cli.watching import Held, watching
from tests.waiting import eventually

STAND_IN = """
from pathlib import Path
import cv2
from tests.edge.scenes import STOP, scene
from tests.edge.sources.stand_in import Webcam
# Mounted on its side before a mirror.
shown = cv2.rotate(cv2.flip(scene(56, STOP, size_wh=(480, 640)), 1), cv2.ROTATE_90_COUNTERCLOCKWISE)
cv2.VideoCapture = lambda device, backend: Webcam(Path({plugged!r}), shown)
"""
ASKED = ["--size", "1280x720", "--fps", "20", "--pixel-format", "MJPG", "--exposure", "250"]
VIEW = ["--rotate", "90", "--mirror", "--roi", "20,200,400,240"]
GIVEN = "640x480 at 20 frames/s, MJPG, exposure 250; asked for 1280x720"


def test_a_camera_gives_what_it_can_is_looked_at_as_asked_and_may_be_unplugged(tmp_path: Path) -> None:
    plugged = tmp_path / "plugged"
    plugged.touch()
    stand_in = STAND_IN.format(plugged=str(plugged))
    with live_run("0", "--name", "left", *ASKED, *VIEW, before=stand_in) as run, watching(run, "Stop") as signs:
        eventually(lambda: run.has_said(f"left gives {GIVEN}"))
        eventually(lambda: signs.given == GIVEN)
        assert signs.last.size == (400, 240)
        x, y, width, height = signs.last.signs[0].box
        assert abs(x - (60 - 20)) < 8 and abs(y - (266 - 200)) < 8
        assert abs(width - 56) < 8 and abs(height - 56) < 8
        held = Held(run.process.pid)
        for _ in range(2):
            plugged.unlink()
            signs.until_faulty()
            plugged.touch()
            signs.until_right_again()
            held.until_as_before()
        # Not until it is "ok": on a busy machine frames are dropped, and it says so.
        eventually(lambda: signs.health is not None and signs.health.openings == 3)
