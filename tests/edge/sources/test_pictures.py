import io
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edge.errors import SourceError
from edge.sources import PictureSource, open_source, read_picture
from edge.sources.pictures import find_pictures

BGR = (40, 90, 200)


def save(path: Path, image: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


def plain(bgr: tuple[int, int, int] = BGR, size: int = 8) -> npt.NDArray[np.uint8]:
    return np.full((size, size, 3), bgr, dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPG", ".webp", ".ppm", ".bmp", ".tiff"])
def test_every_format_becomes_bgr(tmp_path: Path, suffix: str) -> None:
    image = read_picture(save(tmp_path / f"sign{suffix}", plain()))
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image, plain(), atol=4)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".pgm", ".tiff"])
def test_grey_becomes_three_equal_channels(tmp_path: Path, suffix: str) -> None:
    image = read_picture(save(tmp_path / f"grey{suffix}", np.full((8, 6), 77, dtype=np.uint8)))
    assert image.shape == (8, 6, 3)
    assert np.all(image == 77)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff"])
def test_alpha_is_left_out(tmp_path: Path, suffix: str) -> None:
    rgba = np.dstack([plain(), np.full((8, 8), 128, dtype=np.uint8)])
    image = read_picture(save(tmp_path / f"alpha{suffix}", rgba))
    assert image.shape == (8, 8, 3)
    np.testing.assert_allclose(image, plain(), atol=4)


def test_grey_with_alpha_and_palettes_become_bgr(tmp_path: Path) -> None:
    Image.new("LA", (6, 8), (77, 128)).save(tmp_path / "la.png")
    Image.new("RGB", (6, 8), BGR[::-1]).quantize(4).save(tmp_path / "palette.png")
    assert np.all(read_picture(tmp_path / "la.png") == 77)
    assert np.all(read_picture(tmp_path / "palette.png") == BGR)


@pytest.mark.parametrize("suffix", [".png", ".ppm", ".tiff"])
def test_of_16_bits_the_upper_8_are_kept(tmp_path: Path, suffix: str) -> None:
    deep = plain().astype(np.uint16) * 256 + 17
    image = read_picture(save(tmp_path / f"deep{suffix}", deep))
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image, plain(), atol=1)


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_picture(save(tmp_path / "dot.png", plain(size=1))), plain(size=1))


def test_the_orientation_a_camera_noted_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: turn by 90 degrees clockwise
    Image.new("RGB", (20, 10)).save(tmp_path / "turned.jpg", exif=exif)
    assert read_picture(tmp_path / "turned.jpg").shape == (20, 10, 3)


def huge_png() -> bytes:
    """A PNG of a few bytes whose header claims 60000 x 60000 px."""
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "png")
    content = bytearray(buffer.getvalue())
    content[16:24] = (60000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", plain().tobytes(), huge_png()], ids=["0", "text", "raw", "huge"]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"broken\.png"):
        read_picture(path)
    assert capfd.readouterr() == ("", "")


def test_a_picture_larger_than_memory_allows_is_refused_by_its_header(tmp_path: Path) -> None:
    with (tmp_path / "wide.bmp").open("wb") as file:
        Image.new("1", (10_001, 6_401)).save(file, "bmp")
    with pytest.raises(SourceError, match="more than 64 Mpx"):
        read_picture(tmp_path / "wide.bmp")


def test_a_picture_cut_off_is_skipped_and_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for name in ("1.png", "2.png", "3.png"):
        save(tmp_path / name, noise)
    content = (tmp_path / "2.png").read_bytes()
    (tmp_path / "2.png").write_bytes(content[:40])
    with open_source(str(tmp_path)) as source:
        frames = list(source.frames())
        assert source.frame_count == 3
        assert source.skipped == ["2.png"]
    assert [(frame.number, frame.file) for frame in frames] == [(0, "1.png"), (2, "3.png")]
    assert all(frame.media_s is None for frame in frames)


def test_only_broken_pictures_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "b.png").write_bytes(b"y")
    with open_source(str(tmp_path)) as source, pytest.raises(SourceError, match=r"none .* a\.png"):
        list(source.frames())


def test_folders_are_read_in_natural_order(tmp_path: Path) -> None:
    for name in ("10.png", "9.png", "1.png", "a2.png", "a10.png"):
        save(tmp_path / name, plain())
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "._1.png").write_bytes(b"what some systems leave beside a picture")
    (tmp_path / "folder").mkdir()
    with open_source(str(tmp_path)) as source:
        files = [frame.file for frame in source.frames()]
    assert files == ["1.png", "9.png", "10.png", "a2.png", "a10.png"]


def test_globs_choose_and_name_pictures_within_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("left", "right"):
        (tmp_path / folder).mkdir()
        for name in ("1.png", "2.jpg"):
            save(tmp_path / folder / name, plain())
    with open_source(f"{tmp_path}/*/*.png") as source:
        assert [frame.file for frame in source.frames()] == ["left/1.png", "right/1.png"]
    monkeypatch.chdir(tmp_path)
    with open_source("**/*.jpg") as source:
        assert [frame.file for frame in source.frames()] == ["left/2.jpg", "right/2.jpg"]


def test_a_name_that_exists_is_no_glob(tmp_path: Path) -> None:
    save(tmp_path / "a[1].png", plain())
    save(tmp_path / "a1.png", plain())
    assert find_pictures(str(tmp_path / "a[1].png")) == [tmp_path / "a[1].png"]


def test_nothing_to_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no pictures"):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match="holds no pictures"):
        open_source(f"{tmp_path}/*.png")
    with pytest.raises(SourceError, match=r"nowhere\.png isn't there"):
        open_source(str(tmp_path / "nowhere.png"))
    with pytest.raises(SourceError, match="holds no pictures"):
        PictureSource([], name="nothing")


def test_real_frames_are_read(data_folder: Path) -> None:
    with open_source(str(data_folder / "gtsdb-train" / "0000[0-4].webp")) as source:
        frames = list(source.frames())
    assert [frame.file for frame in frames] == [f"0000{number}.webp" for number in range(5)]
    assert all(frame.image.shape == (800, 1360, 3) for frame in frames)
