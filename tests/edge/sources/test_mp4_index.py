from pathlib import Path

import pytest

from edge.sources.mp4_index import lacks_index

FTYP = (16).to_bytes(4, "big") + b"ftypisom" + bytes(4)
MOOV = (8).to_bytes(4, "big") + b"moov"
MEDIA = (24).to_bytes(4, "big") + b"mdat" + bytes(16)
LARGE_MEDIA = (1).to_bytes(4, "big") + b"mdat" + (32).to_bytes(8, "big") + bytes(16)
ENDLESS_MEDIA = (0).to_bytes(4, "big") + b"mdat" + bytes(16)


@pytest.mark.parametrize(
    ("content", "lacking"),
    [
        (FTYP + MOOV + MEDIA, False),
        (FTYP + MEDIA + MOOV, False),
        (FTYP + LARGE_MEDIA + MOOV, False),
        (FTYP + MEDIA, True),
        (FTYP + LARGE_MEDIA[:-4], True),
        (FTYP + ENDLESS_MEDIA, True),
        (FTYP, True),
        (FTYP + MEDIA + (9).to_bytes(4, "big") + b"moov", True),
        (b"", False),
        (b"RIFF" + bytes(100), False),
    ],
)
def test_only_an_mp4_without_its_index_lacks_it(tmp_path: Path, content: bytes, lacking: bool) -> None:
    path = tmp_path / "drive.mp4"
    path.write_bytes(content)
    assert lacks_index(path) is lacking
