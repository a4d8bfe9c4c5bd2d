"""Pictures that strangers send: decoded with limits, upright, and as the network knows them, or refused in one line."""

import io
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from models.pictures import LYING

FORMATS = ("JPEG", "PNG", "WEBP")
"""What is accepted. Each further format is a further decoder that strangers can reach."""
ENOUGH_PX = 1600
"""A JPEG of at least twice as many pixels on both sides is decoded at half, a quarter or an eighth of its size: frames
are searched at 680 px or so (`detector.candidates.working_size`)."""
SMALL_PIXELS = 160 * 160
"""Decoded in less time than it takes to hand a picture to another thread and back."""
SMALL_JPEG_BYTES = 2**16
JPEG_MAGIC = b"\xff\xd8\xff"
ORIENTED_MARKS = (b"Exif\0", b"http://ns.adobe.com/xap")
"""Of the parts of a JPEG that may say how the camera was held."""
UPRIGHT = 1
"""Orientation in EXIF of a picture that needs no turning."""
GROUND = 255
"""What shines through where a picture is transparent, 0 to 255."""


class PictureError(Exception):
    """A picture can't be used; the message says why in one line.

    Args:
        status: The HTTP status that says so.
        reason: For people.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was decoded."""

    bgr: NDArray[np.uint8]
    """(height, width, 3) uint8 BGR, upright."""
    size_wh: tuple[int, int]
    """Width and height in px of the picture as sent, upright; `bgr` may be smaller by `scale`."""

    @property
    def scale(self) -> tuple[float, float]:
        """By what x and y in `bgr` are multiplied to be those of the picture as sent."""
        height, width = self.bgr.shape[:2]
        return self.size_wh[0] / width, self.size_wh[1] / height


@dataclass(frozen=True, slots=True)
class OpenedPicture:
    """A picture of which only the head was read."""

    image: Image.Image

    @property
    def pixels(self) -> int:
        """As its head claims."""
        return self.image.width * self.image.height

    def decode(self) -> Picture:
        """Decode the whole. Raises PictureError."""
        image = self.image
        width, height = image.size
        try:
            if image.format in ("JPEG", "MPO") and min(width, height) >= 2 * ENOUGH_PX:
                image.draft("RGB", (ENOUGH_PX, ENOUGH_PX))
            image.load()
            orientation = _orientation(image)
            rgb = _as_rgb(image if orientation == UPRIGHT else ImageOps.exif_transpose(image))
        except Exception as error:  # whatever a decoder meets in a stranger's bytes, the picture is at fault
            raise PictureError(422, f"the picture is damaged or cut off ({_first_line(error)})") from error
        size_wh = (height, width) if orientation in LYING else (width, height)
        return Picture(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8), size_wh)


def open_picture(data: bytes, max_pixels: int) -> OpenedPicture:
    """Read a picture's head: PNG, JPEG or WebP, one still picture of at most `max_pixels`. Raises PictureError."""
    if not data:
        raise PictureError(400, "there is no picture in the request")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(413, f"the picture has more than {max_pixels / 1e6:g} million pixels") from error
    except UnidentifiedImageError as error:
        raise PictureError(415, "this is no picture that can be read; send PNG, JPEG or WebP") from error
    except Exception as error:  # as above
        raise PictureError(422, f"the picture is damaged or cut off ({_first_line(error)})") from error
    if image.width * image.height > max_pixels:
        raise PictureError(
            413, f"the picture has {image.width}x{image.height} pixels, more than {max_pixels / 1e6:g} million"
        )
    # A JPEG of several pictures (MPO) holds previews and depth beside the one that everybody shows.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise PictureError(422, "the picture is animated; send one still picture")
    return OpenedPicture(image)


def read_small_jpeg(data: bytes, max_pixels: int) -> Picture | None:
    """A small JPEG that is as most are: whole, in YCbCr or grey, and upright. None for everything else.

    libjpeg-turbo called directly takes a fifth of the time of `open_picture` and `decode`, and gives the same pixels.
    """
    if not data.startswith(JPEG_MAGIC) or len(data) > SMALL_JPEG_BYTES or any(mark in data for mark in ORIENTED_MARKS):
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in ("YCbCr", "Gray") or height * width > min(SMALL_PIXELS, max_pixels):
            return None
        return Picture(simplejpeg.decode_jpeg(data, "BGR"), (width, height))
    except ValueError:  # what is wrong with it, the other way says
        return None


def _as_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB of any mode; what is transparent shows the ground."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return np.asarray(image, np.uint8)
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip rather than scale
        grey = (np.asarray(image, np.int64).clip(0, 2**16 - 1) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        ground = Image.new("RGBA", with_alpha.size, (GROUND, GROUND, GROUND, 255))
        return np.asarray(Image.alpha_composite(ground, with_alpha).convert("RGB"), np.uint8)
    return np.asarray(image.convert("RGB"), np.uint8)


def _orientation(image: Image.Image) -> int:
    """As EXIF or XMP tell how the camera was held, after the whole was read."""
    if image.format == "JPEG" and image.info.keys().isdisjoint(("exif", "xmp")):
        return UPRIGHT  # most small ones, and asking takes longer than decoding them
    orientation = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    return orientation if orientation in range(1, 9) else UPRIGHT


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
