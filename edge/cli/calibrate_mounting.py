"""`signwatch calibrate mounting`: how a camera sits in the vehicle, by hand or from a drive."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import click

from calibration.camera import Camera
from calibration.errors import CalibrationError
from calibration.mounting import BY_HAND_HEIGHT_STD_M, BY_HAND_STD_DEG, MountedCamera, Mounting
from edge.cli.live_options import camera_options
from edge.cli.options import json_option, output_option
from edge.cli.source_options import CameraOptions, source_options
from edge.errors import SinkError
from edge.frame import Frame
from edge.progress import progress_bar
from edge.sources import CapturedSource, Source, open_source

if TYPE_CHECKING:  # loads OpenCV, which a mounting by hand doesn't need
    from calibration.mounting_search import FoundMounting

LONGEST_S = 300.0
ANGLES = ("pitch", "roll", "yaw")


@click.command("mounting")
@click.argument("source", required=False)
@click.option(
    "--camera",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The camera's file, from `signwatch calibrate camera`; the mounting is written into it.",
)
@click.option("--height", "height_m", type=float, required=True, metavar="M", help="Of the lens above the road.")
@click.option(
    "--height-std",
    "height_std_m",
    type=float,
    default=BY_HAND_HEIGHT_STD_M,
    show_default=True,
    metavar="M",
    help="How sure the height is: one standard deviation.",
)
@click.option("--pitch", type=float, metavar="DEG", help="By hand: positive where the camera looks down.")
@click.option("--roll", type=float, metavar="DEG", help="By hand: positive where its right side is lower.")
@click.option("--yaw", type=float, metavar="DEG", help="By hand: positive where it looks to the left.")
@click.option(
    "--angle-std",
    "angle_std_deg",
    type=float,
    metavar="DEG",
    help=f"By hand: how sure the angles are, one standard deviation; {BY_HAND_STD_DEG:g} if not given.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(5, 3600),
    default=LONGEST_S,
    show_default=True,
    help="Of the drive, to look at most at so much.",
)
@output_option("--picture", "Draw the horizon and straight ahead into a picture of the drive (.png, .jpg).")
@json_option
@camera_options
def command(
    source: str | None,
    file: Path,
    height_m: float,
    height_std_m: float,
    pitch: float | None,
    roll: float | None,
    yaw: float | None,
    angle_std_deg: float | None,
    seconds: float,
    picture: Path | None,
    as_json: bool,
    **options: Unpack[CameraOptions],
) -> None:
    """Write into a camera's file how the camera is mounted: by hand, or found from a drive SOURCE.

    A drive is a recording, a camera or a stream, of half a minute or more on a nearly straight road by day. The
    height is always measured by hand, to the lens. Angles are those of ISO 8855. A camera is looked at with the same
    --size, --rotate, --mirror and --roi as in `run`.
    """
    from calibration.camera_file import camera_of, read_document, write_document
    from calibration.mounting_file import put_mounting

    angles = dict(zip(ANGLES, (pitch, roll, yaw), strict=True))
    by_hand = any(angle is not None for angle in (*angles.values(), angle_std_deg))
    if source is not None and by_hand:
        raise click.UsageError(
            "--pitch, --roll, --yaw and --angle-std are by hand; SOURCE finds them: give one of both"
        )
    if source is None and picture is not None:
        raise click.UsageError("--picture is drawn into a picture of the drive; give its SOURCE")
    document = read_document(file)
    camera = camera_of(document, file)
    found: FoundMounting | None = None
    if source is None:
        std_deg = BY_HAND_STD_DEG if angle_std_deg is None else angle_std_deg
        try:
            mounting = Mounting(
                height_m, pitch or 0.0, roll or 0.0, yaw or 0.0, height_std_m, std_deg, std_deg, std_deg
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    else:
        try:
            Mounting(height_m, height_std_m=height_std_m)  # said before the drive, not after it
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        found, last = _search(
            open_source(source, options=source_options(options)), camera, height_m, height_std_m, seconds
        )
        mounting = found.mounting
        if picture is not None:
            _draw(picture, last, MountedCamera(camera, mounting))
    put_mounting(document, mounting)
    write_document(document, file)
    if as_json:
        click.echo(json.dumps(_as_json(camera.name, file, mounting, found)))
        return
    for line in _told(mounting, found):
        click.echo(line)
    click.echo(f"Written into {file}.")


def _search(
    origin: Source, camera: Camera, height_m: float, height_std_m: float, seconds: float
) -> "tuple[FoundMounting, Frame]":
    """Look at a drive; gives what was found and the last frame. Raises CalibrationError and SourceError."""
    from calibration.mounting_search import MountingSearch

    search: MountingSearch | None = None
    began_s: float | None = None
    size = (0, 0)
    last: Frame | None = None
    with CapturedSource(origin) as source, progress_bar(source.name, source.frame_count) as report:
        deadline_s = time.monotonic() + seconds
        for count, frame in enumerate(source.frames(), 1):
            height, width = frame.image.shape[:2]
            if search is None:
                try:
                    search = MountingSearch(camera.scaled_to((width, height)))
                except ValueError as error:
                    raise CalibrationError(f"{source.name}: {error}") from error
                size = width, height
            if (width, height) != size:
                raise CalibrationError(
                    f"{source.name}: its pictures change from {size[0]}x{size[1]} to {width}x{height}"
                )
            now_s = frame.time_s
            began_s = now_s if began_s is None else began_s
            if now_s - began_s > seconds or (source.live and time.monotonic() > deadline_s):
                break
            search.take(frame.image, now_s)
            last = frame
            report(count, source.frame_count or 0)
    if search is None or last is None:
        raise CalibrationError(f"{origin.name}: it has no picture")
    try:
        return search.result(height_m, height_std_m), last
    except CalibrationError as error:
        raise CalibrationError(f"{origin.name}: {error}") from error


def _draw(path: Path, frame: Frame, mounted: MountedCamera) -> None:
    import cv2

    from edge.horizon_view import draw_horizon

    try:
        coded = cv2.imencode(path.suffix, draw_horizon(frame.image, mounted))[1]
    except cv2.error as error:
        raise SinkError(f"{path}: OpenCV writes no pictures of this kind; take .png or .jpg") from error
    path.write_bytes(coded.tobytes())


def _told(mounting: Mounting, found: "FoundMounting | None") -> list[str]:
    """What a person reads."""
    sides = (
        ("pitch", mounting.pitch_deg, mounting.pitch_std_deg, "down", "up"),
        ("roll", mounting.roll_deg, mounting.roll_std_deg, "right side lower", "left side lower"),
        ("yaw", mounting.yaw_deg, mounting.yaw_std_deg, "to the left", "to the right"),
    )
    lines = [f"height {mounting.height_m:6.2f} m   ± {mounting.height_std_m:.2f}"]
    lines += [
        f"{name:6} {value:6.2f}°  ± {std:.2f}  {positive if value > 0 else negative}"
        for name, value, std, positive, negative in sides
    ]
    if found is None:
        return lines
    lines.append(f"From {found.looks} looks, {found.flow.looks} of them on nearly straight stretches.")
    for name, clue in (("flow", found.flow), ("lane lines", found.lanes)):
        if clue is None:
            lines.append(f"{name}: too few pictures show lane lines on both sides")
        else:
            lines.append(
                f"{name}: pitch {clue.pitch_deg:.2f}° ± {clue.pitch_std_deg:.2f}, yaw {clue.yaw_deg:.2f}° "
                f"± {clue.yaw_std_deg:.2f}, {clue.looks} looks"
            )
    if not found.roll_found:
        lines.append("Too little stands upright along the road to tell the roll; it is taken for 0.")
    return lines


def _as_json(name: str, file: Path, mounting: Mounting, found: "FoundMounting | None") -> dict[str, Any]:
    told: dict[str, Any] = {"camera": name, "file": str(file), "mounting": asdict(mounting), "found": None}
    if found is not None:
        told["found"] = {
            "looks": found.looks,
            "flow": asdict(found.flow),
            "lanes": None if found.lanes is None else asdict(found.lanes),
            "roll_found": found.roll_found,
        }
    return told
