"""How a camera is mounted, in its file.

It is a table of the camera's file (`calibration.camera_file`), in metres and degrees, with the signs of
ISO 8855 (`calibration.mounting`); the standard deviations may be left out:

    [mounting]
    height_m = 1.31
    pitch_deg = 2.1
    roll_deg = -0.4
    yaw_deg = 0.8
    height_std_m = 0.05
    pitch_std_deg = 0.1
    roll_std_deg = 0.3
    yaw_std_deg = 0.2
"""

from dataclasses import fields
from pathlib import Path

import msgspec
from tomlkit import TOMLDocument

from calibration.camera_file import camera_of, document_of, read_document, write_document
from calibration.errors import CameraFileError
from calibration.mounting import MountedCamera, Mounting

TABLE = "mounting"
MEND = "mend it, or find it anew with `signwatch calibrate mounting`"


def load_mounted(file: Path) -> MountedCamera:
    """Read a camera's file with its mounting. Raises CameraFileError, as `calibration.camera_file.load_camera` does."""
    document = read_document(file)
    return MountedCamera(camera_of(document, file), mounting_of(document, file))


def save_mounted(mounted: MountedCamera, file: Path) -> None:
    """Write a camera's file anew, with its mounting. Raises OSError where it can't be written."""
    document = document_of(mounted.camera)
    if mounted.mounting is not None:
        put_mounting(document, mounted.mounting)
    write_document(document, file)


def mounting_of(document: TOMLDocument, file: Path) -> Mounting | None:
    """The mounting in a camera's document, None where it tells of none; `file` is what errors call it.

    Raises CameraFileError for what no mounting can be.
    """
    table = document.get(TABLE)
    if table is None:
        return None
    try:
        told = msgspec.convert(document.unwrap()[TABLE], dict[str, object])
        unknown = sorted(told.keys() - {field.name for field in fields(Mounting)})
        if unknown:  # a misspelt angle would else be 0
            raise ValueError(f"`{unknown[0]}` is none of its values")
        return msgspec.convert(told, Mounting)
    except ValueError as error:  # msgspec's are of the family
        raise CameraFileError(f"{file}: mounting: {error}; {MEND}") from error


def put_mounting(document: TOMLDocument, mounting: Mounting) -> None:
    """Set the mounting in a camera's document; everything else stays as it is, with its comments."""
    values = {field.name: round(float(getattr(mounting, field.name)), 4) for field in fields(Mounting)}
    if isinstance(document.get(TABLE), dict):
        document[TABLE].update(values)
    else:
        document[TABLE] = values
