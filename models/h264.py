"""What an H.264 recorder at a low bit rate does to a frame: coded for real while the car drives on, and read back.

Needs PyAV, which is imported only here: `pip install 'signwatch[report]'`.
"""

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import DataError

if TYPE_CHECKING:
    from av.container import OutputContainer

FPS = 30
FRAMES = 12
"""The last frame is what counts, and by then the rate control has settled."""
APPROACH = 1.006
"""How much larger each frame shows what is ahead, as at 50 km/h what is 75 m away: the encoder has to follow."""
PRESET = "veryfast"
"""Of x264: a chip in a camera searches no harder."""


def driven(image: NDArray[np.uint8], bits_per_pixel: float) -> NDArray[np.uint8]:
    """A frame (height, width, 3) uint8 BGR, 16 px a side at least, as it comes back from an H.264 recording.

    `bits_per_pixel` is what the recorder has for each pixel of each frame: at 0.1, 1920x1080 at 30 frames a second
    takes 6 Mbit/s. Raises DataError where PyAV is missing or can't write H.264.
    """
    height, width = image.shape[:2]
    # Colour has half the resolution, so sides are even.
    even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    last = _decoded_last(_encoded(np.asarray(even, np.uint8), bits_per_pixel))
    return np.ascontiguousarray(last[:height, :width])


def _encoded(image: NDArray[np.uint8], bits_per_pixel: float) -> bytes:
    try:
        import av
    except ImportError as error:
        raise DataError("coding H.264 needs PyAV, which is not installed: pip install 'signwatch[report]'") from error
    height, width = image.shape[:2]
    target = io.BytesIO()
    container: OutputContainer
    try:
        with av.open(target, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=FPS)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            rate = round(bits_per_pixel * width * height * FPS)
            # A buffer of a quarter of a second: a link that carries no more than the rate. One thread, or the result
            # would differ from machine to machine; and no looking ahead, which a camera can't wait for, and with which
            # x264 lets its result depend on memory that nobody has written.
            stream.options = {
                "preset": PRESET,
                "b": str(rate),
                "maxrate": str(rate),
                "bufsize": str(max(1, rate // 4)),
                "threads": "1",
                "tune": "zerolatency",
            }
            for back in reversed(range(FRAMES)):
                size = 1 / APPROACH**back
                zoom = np.array([[size, 0, (1 - size) * width / 2], [0, size, (1 - size) * height / 2]], np.float32)
                seen = cv2.warpAffine(image, zoom, (width, height), borderMode=cv2.BORDER_REPLICATE)
                picture = av.VideoFrame.from_ndarray(np.asarray(seen, np.uint8), format="bgr24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
    except (av.error.FFmpegError, ValueError) as error:
        raise DataError(f"this PyAV can't write H.264 of {width}x{height}: {error}") from error
    return target.getvalue()


def _decoded_last(data: bytes) -> NDArray[np.uint8]:
    import av

    with av.open(io.BytesIO(data), "r") as container:
        *_, last = container.decode(video=0)
    return np.asarray(last.to_ndarray(format="bgr24"), np.uint8)
