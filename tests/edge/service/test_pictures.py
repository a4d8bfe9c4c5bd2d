import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from edge.service.pictures import ENOUGH_PX, Picture, PictureError, open_picture, read_small_jpeg
from tests.edge.service.pictures import drawn_sign, encoded, stop_jpeg

MOST_PIXELS = 10_000_000
RED, GREEN, WHITE = (40, 30, 200), (60, 180, 40), (255, 255, 255)
"""BGR."""


def read(data: bytes) -> Picture:
    return open_picture(data, MOST_PIXELS).decode()


def halves(mode: str = "RGB") -> Image.Image:
    """Red at the left and green at the right, 40x20."""
    image = Image.new("RGB", (40, 20), RED[::-1])
    image.paste(GREEN[::-1], (20, 0, 40, 20))
    return image.quantize(8) if mode == "P" else image.convert(mode)


def assert_colours(picture: Picture, left: tuple[int, int, int], right: tuple[int, int, int], off: int = 12) -> None:
    height, width = picture.bgr.shape[:2]
    assert np.abs(picture.bgr[height // 2, 3].astype(int) - left).max() <= off
    assert np.abs(picture.bgr[height // 2, width - 4].astype(int) - right).max() <= off


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_colours_come_out_in_their_order(kind: str) -> None:
    options = {"quality": 95} if kind != "PNG" else {}
    picture = read(encoded(halves(), kind, **options))
    assert picture.size_wh == (40, 20)
    assert_colours(picture, RED, GREEN)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_upright_however_the_camera_was_held(kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (40, 24), RED[::-1])
    upright.paste(GREEN[::-1], (20, 0, 40, 24))
    lying = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = upright.transpose(lying[orientation]) if orientation in lying else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, kind, exif=exif)
    assert read_small_jpeg(data, MOST_PIXELS) is None
    picture = read(data)
    assert picture.size_wh == (40, 24)
    assert picture.bgr.shape == (24, 40, 3)
    assert_colours(picture, RED, GREEN, 40)


def test_an_orientation_that_is_none_is_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert_colours(read(encoded(halves(), "PNG", exif=exif)), RED, GREEN)


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK", "YCbCr"])
def test_other_ways_of_storing_colour_are_the_same_picture(mode: str) -> None:
    kind = {"P": "PNG", "RGBA": "PNG"}.get(mode, "JPEG")
    assert_colours(read(encoded(halves(mode), kind)), RED, GREEN, 30)


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_is_grey(mode: str) -> None:
    picture = read(encoded(Image.new("L", (9, 9), 255).convert(mode), "PNG"))
    assert (picture.bgr == 255).all()


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped() -> None:
    grey = Image.fromarray(np.full((8, 8), 0x8000, np.uint16))
    assert (read(encoded(grey, "PNG")).bgr == 0x80).all()


def sixteen_bit_png() -> bytes:
    """Sixteen bits a channel, which Pillow can't write: 2x2 of one colour."""
    row = b"\0" + struct.pack(">3H", 0xC800, 0x1E00, 0x2800) * 2

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">2I5B", 2, 2, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * 2)) + chunk(b"IEND", b"")


def test_sixteen_bits_of_colour_are_scaled() -> None:
    assert read(sixteen_bit_png()).bgr[0, 0].tolist() == [0x28, 0x1E, 0xC8]


def test_what_is_transparent_is_white_and_not_what_lies_hidden_under_it() -> None:
    hidden = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert (read(encoded(hidden, "PNG")).bgr == WHITE).all()
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([10, 20, 30] * 256)
    assert (read(encoded(palette, "PNG", transparency=0)).bgr == WHITE).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animated_picture_is_refused(kind: str) -> None:
    other = Image.new("RGB", (40, 20))
    data = encoded(halves(), kind, save_all=True, append_images=[other], duration=100)
    with pytest.raises(PictureError, match="animated") as refused:
        open_picture(data, MOST_PIXELS)
    assert refused.value.status == 422


def test_a_jpeg_of_several_pictures_shows_the_first() -> None:
    data = encoded(halves(), "MPO", save_all=True, append_images=[Image.new("RGB", (40, 20))])
    assert_colours(read(data), RED, GREEN)


def claiming(width: int, height: int) -> bytes:
    """A PNG whose head claims a size."""
    head = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize("size", [(4000, 4000), (12_000, 12_000), (60_000, 60_000)])
def test_more_pixels_than_allowed_are_refused_by_the_head(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError) as refused:
        open_picture(claiming(*size), MOST_PIXELS)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"no picture", 415),
        (encoded(Image.new("RGB", (8, 8)), "GIF"), 415),
        (encoded(Image.new("RGB", (8, 8)), "BMP"), 415),
        (b"\x89PNG\r\n\x1a\n", 422),
        (claiming(0, 5), 422),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(PictureError) as refused:
        read(data)
    assert refused.value.status in (status, 415)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_cut_off_is_refused(kind: str) -> None:
    data = encoded(drawn_sign(side=200), kind)
    with pytest.raises(PictureError) as refused:
        read(data[: len(data) // 2])
    assert refused.value.status in (415, 422)
    assert "\n" not in str(refused.value)


def test_a_small_jpeg_has_the_same_pixels_by_either_way() -> None:
    for mode in ("RGB", "L"):
        data = encoded(drawn_sign().convert(mode))
        quick = read_small_jpeg(data, MOST_PIXELS)
        assert quick is not None
        assert (quick.bgr == read(data).bgr).all()
        assert quick.size_wh == read(data).size_wh


def test_a_small_jpeg_that_is_damaged_is_left_to_the_other_way() -> None:
    data = stop_jpeg()
    assert read_small_jpeg(data, MOST_PIXELS) is not None
    assert read_small_jpeg(data[:-300], MOST_PIXELS) is None
    assert read_small_jpeg(b"\xff\xd8\xff" + bytes(200), MOST_PIXELS) is None
    assert read_small_jpeg(encoded(drawn_sign().convert("CMYK")), MOST_PIXELS) is None


def test_a_large_jpeg_is_decoded_smaller_and_says_how_large_it_was() -> None:
    data = encoded(Image.new("RGB", (2 * ENOUGH_PX, 3 * ENOUGH_PX), RED[::-1]))
    picture = open_picture(data, 100_000_000).decode()
    assert picture.size_wh == (2 * ENOUGH_PX, 3 * ENOUGH_PX)
    assert picture.bgr.shape == (3 * ENOUGH_PX // 2, ENOUGH_PX, 3)
    assert picture.scale == (2.0, 2.0)
