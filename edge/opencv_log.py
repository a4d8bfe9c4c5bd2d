"""Keeps OpenCV's and FFmpeg's own chatter off standard error."""

import os

import cv2

FFMPEG_QUIET = "-8"
"""FFmpeg's AV_LOG_QUIET."""


def quiet_opencv() -> None:
    """Silence OpenCV and the FFmpeg inside it, for the whole process.

    They print several lines for a camera that isn't there or a damaged frame, where the
    program's own message says it in one. Whoever wants to see them sets `OPENCV_LOG_LEVEL`
    or `OPENCV_FFMPEG_LOGLEVEL`, which are left as they are. FFmpeg's level is read when the
    first video is opened, so this is called before.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", FFMPEG_QUIET)
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
