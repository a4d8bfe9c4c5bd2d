"""A camera in a file: TOML of which a person can read, and mend, every value.

    schema = "signwatch.camera/1"

    [camera]
    name = "front"
    size_px = [1280, 720]
    model = "pinhole"
    matrix = [
        [1158.0, 0.0, 670.0],
        [0.0, 1153.0, 386.0],
        [0.0, 0.0, 1.0],
    ]
    distortion = [-0.24, -0.02, -0.001, 0.0001, 0.03]

Tables `accuracy` and `made` follow where it was calibrated. Others, as about the mounting, are not looked at here and
stay as they are when the file is read and written as a document.
"""

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import tomlkit
from msgspec import Meta
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError

from calibration.camera import Accuracy, Camera, Model
from calibration.errors import CameraFileError

SCHEMA = "signwatch.camera/1"
TABLES = ("schema", "camera", "accuracy", "made")
"""What a calibration writes; other tables are somebody else's."""
_SCHEMA = re.compile(r"signwatch\.camera/(\d{1,9})")
MAX_BYTES = 2**16
MATRIX_DIGITS, DISTORTION_DIGITS = 4, 8
"""After the point: a hundredth of what any calibration knows."""
MEND = "mend it, or make it anew with `signwatch calibrate camera`"
HEAD = """\
# What a camera is. Pixels: x to the right, y down, 0, 0 in the middle of the first one. The matrix is
# fx 0 cx, 0 fy cy, 0 0 1; the distortion is OpenCV's k1, k2, p1, p2, k3 of a pinhole, k1 to k4 of a fisheye.
"""


def load_camera(file: Path) -> Camera:
    """Read a camera from its file.

    Raises CameraFileError, in one line with the file's name, where it isn't there, is none, is of a newer version, or
    says what no camera can be.
    """
    return camera_of(read_document(file), file)


def save_camera(camera: Camera, file: Path) -> None:
    """Write a camera's file anew, whatever it held before; px are rounded to MATRIX_DIGITS.

    Raises OSError where it can't be written.
    """
    write_document(document_of(camera), file)


def read_document(file: Path) -> TOMLDocument:
    """A camera's file as a document, with its comments and whatever else is in it; its values are not yet judged.

    Raises CameraFileError where it isn't there, is no such file or is of a newer version.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise CameraFileError(
            f"{file} can't be read ({error.strerror}); `signwatch calibrate camera` makes a camera's file"
        ) from error
    if len(content) > MAX_BYTES:
        raise CameraFileError(f"{file} is larger than {MAX_BYTES // 1024} KiB, so it is no camera's file")
    try:
        document = tomlkit.parse(content)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise CameraFileError(f"{file} is no camera's file ({error}); {MEND}") from error
    schema = document.get("schema")
    told = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if told is None:
        raise CameraFileError(f'{file} is no camera\'s file: it lacks schema = "{SCHEMA}"; {MEND}')
    if schema != SCHEMA:
        raise CameraFileError(
            f"{file} is a camera's file of version {int(told[1])}, and this Signwatch reads version 1; update "
            "Signwatch, or calibrate with this one"
        )
    return document


def write_document(document: TOMLDocument, file: Path) -> None:
    """Write a document; it appears under its name only once it is whole. Raises OSError."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(tomlkit.dumps(document), encoding="utf-8")
    partial.replace(file)


def camera_of(document: TOMLDocument, file: Path) -> Camera:
    """The camera that a document tells of; `file` is what errors call it. Raises CameraFileError."""
    try:
        told = msgspec.convert(document.unwrap(), _File)
        return Camera(
            name=told.camera.name,
            size_px=told.camera.size_px,
            model=told.camera.model,
            matrix=np.array(told.camera.matrix, np.float64),
            distortion=np.array(told.camera.distortion, np.float64),
            accuracy=Accuracy(**msgspec.structs.asdict(told.accuracy)) if told.accuracy else None,
            date=told.made.date,
            software=told.made.software,
        )
    except ValueError as error:  # msgspec's are of the family
        fault = str(error).replace("`$.", "`")
        raise CameraFileError(f"{file}: {fault}; {MEND}") from error


def document_of(camera: Camera) -> TOMLDocument:
    """A camera as a document that holds nothing else."""
    document = tomlkit.parse(HEAD)
    document["schema"] = SCHEMA
    document["camera"] = {
        "name": camera.name,
        "size_px": camera.size_px,
        "model": camera.model,
        "matrix": tomlkit.array(str(camera.matrix.round(MATRIX_DIGITS).tolist())).multiline(True),
        "distortion": camera.distortion.round(DISTORTION_DIGITS).tolist(),
    }
    if camera.accuracy is not None:
        document["accuracy"] = _rounded(msgspec.to_builtins(camera.accuracy))
    document["made"] = {"date": camera.date, "software": camera.software}
    return document


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [round(one, DISTORTION_DIGITS) for one in value]
        if isinstance(value, list | tuple)
        else round(value, MATRIX_DIGITS)
        for name, value in values.items()
    }


_Positive = Annotated[float, Meta(ge=0)]
_Text = Annotated[str, Meta(max_length=200)]


class _Camera(msgspec.Struct, forbid_unknown_fields=True):
    name: _Text
    size_px: tuple[int, int]
    model: Model
    matrix: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
    distortion: Annotated[tuple[float, ...], Meta(max_length=8)]


class _Accuracy(msgspec.Struct, forbid_unknown_fields=True):
    views: Annotated[int, Meta(ge=1)]
    rms_px: _Positive
    held_out_rms_px: _Positive
    matrix_std_px: tuple[_Positive, _Positive, _Positive, _Positive]
    distortion_std: tuple[_Positive, ...]


class _Made(msgspec.Struct):
    date: _Text = ""
    software: _Text = ""


class _File(msgspec.Struct):
    """What is read of a file; other tables are somebody else's."""

    camera: _Camera
    accuracy: _Accuracy | None = None
    made: _Made = msgspec.field(default_factory=_Made)
