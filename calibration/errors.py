"""What can go wrong with a calibration, as one family.

A user meets each of these as one line, so every message names the thing and the mend::

    CalibrationError
    ├── CameraFileError   a camera's file can't be read, or says what no camera can be
    ├── MountingError     a drive doesn't tell how the camera is mounted
    └── ViewsError        pictures of a board don't tell what the camera is
"""

__all__ = ["CalibrationError", "CameraFileError", "MountingError", "ViewsError"]


class CalibrationError(ValueError):
    """Base of all; `str(error)` is the one line a user sees."""


class CameraFileError(CalibrationError):
    """A camera's file is not there, no such file, of a newer version, or says what no camera can be."""


class MountingError(CalibrationError):
    """A drive shows too little driving straight ahead, or things that contradict each other."""


class ViewsError(CalibrationError):
    """There are too few views of a board, or none, or all are alike."""
