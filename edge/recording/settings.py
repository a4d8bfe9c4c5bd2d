"""What is recorded, and how much of it is kept."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """How a drive is recorded. Raises ValueError where it doesn't go together."""

    folder: Path
    everything: bool = False
    """All of the drive, rather than only the seconds around each confirmed sign."""
    before_s: float = 5.0
    """Kept before a sign is confirmed, in seconds."""
    after_s: float = 5.0
    """Kept after a confirmed sign was seen last, in seconds."""
    quota_bytes: int = 10 * 10**9
    """Of all recordings in the folder together; the oldest are removed."""
    file_bytes: int = 256 * 10**6
    """A file that has become so large is ended, and the next begins."""
    file_s: float = 300.0
    """The same by its age, in seconds."""
    jpeg_quality: int = 90
    """1 to 100."""

    def __post_init__(self) -> None:
        if self.quota_bytes < 2 * self.file_bytes:
            raise ValueError(
                f"a quota of {self.quota_bytes} bytes holds no two files of {self.file_bytes}; "
                "make it larger, or the files smaller"
            )
