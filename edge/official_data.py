"""The data sets that Signwatch learns from, as their makers publish them: where they are, and what is whole.

Every file has what it is known by beside it, as `NAME.json`, and is compared with that whenever it is asked for again.
"""

import errno
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.errors import SinkError
from edge.fetching import fetch
from edge.progress import progress_bar
from models.archive import DAMAGED, Archive
from models.catalogue import load_catalogue
from models.errors import DataError
from models.gtsdb import list_frames
from models.gtsrb import list_pictures

CHUNK_BYTES = 1 << 20
MAX_UNPACKED_BYTES = 64 << 30
"""Thirty times as much as the largest of the data sets; a zip that claims more is a bomb."""

Counts = dict[str, int]
"""How many of what a data set holds, such as `{"training pictures": 39209}`."""


@dataclass(frozen=True, slots=True)
class OfficialFile:
    """A zip of a data set."""

    name: str
    size_bytes: int | None = None
    sha256: str | None = None
    """Both None where they are not known for sure; then its own checksums and what it holds have to do."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A published data set."""

    address: str
    """Of the folder that its files are in."""
    files: tuple[OfficialFile, ...]
    counts: Counts
    count: Callable[[Archive], Counts]
    """Reads an archive's tables and sees that each picture is there; raises DataError."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file is known by, kept beside it."""

    origin: str
    """The address or path that it came from."""
    size_bytes: int
    sha256: str


def _count_gtsrb(archive: Archive) -> Counts:
    classes = len(load_catalogue())
    return {
        "training pictures": len(list_pictures(archive, "train", classes)),
        "test pictures": len(list_pictures(archive, "test", classes)),
    }


def _count_gtsdb(archive: Archive) -> Counts:
    return {"frames": len(list_frames(archive, len(load_catalogue())))}


DATA_SETS: Mapping[str, DataSet] = {
    "gtsrb": DataSet(
        "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370",
        (
            # Sizes and checksums as several projects publish them that fetch the same files, torchvision among them.
            OfficialFile(
                "GTSRB_Final_Training_Images.zip",
                276_294_756,
                "d32ac4b5fa9a1cbd1994768413902e8193599d9434cf0a8eb9cfd00a6d3a290c",
            ),
            OfficialFile(
                "GTSRB_Final_Test_Images.zip",
                88_978_620,
                "48ba6fab7e877eb64eaf8de99035b0aaecfbc279bee23e35deca4ac1d0a837fa",
            ),
            OfficialFile(
                "GTSRB_Final_Test_GT.zip",
                99_620,
                "f94e5a7614d75845c74c04ddb26b8796b9e483f43541dd95dd5b726504e16d6d",
            ),
        ),
        {"training pictures": 39_209, "test pictures": 12_630},
        _count_gtsrb,
    ),
    "gtsdb": DataSet(
        "https://sid.erda.dk/public/archives/ff17dc924eba88d5d01a807357d6614c",
        (OfficialFile("FullIJCNN2013.zip"),),
        {"frames": 900},
        _count_gtsdb,
    ),
}


def fetch_data_set(data_set: DataSet, folder: Path, base: str | None, subset: bool) -> Counts:
    """Fetch what isn't in `folder` yet, check all of it, and give its counts.

    `base` is a mirror's address in place of the official one. `subset` takes files that differ from the official ones,
    as long as they are whole and readable. Raises FetchError, SinkError or DataError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for official in data_set.files:
        if not _is_there(folder / official.name, official, subset):
            _fetch_file(f"{(base or data_set.address).rstrip('/')}/{official.name}", folder, official, subset)
    return check_counts(data_set, folder, subset)


def _fetch_file(address: str, folder: Path, official: OfficialFile, subset: bool) -> None:
    file = folder / official.name
    records: list[FileRecord] = []
    with progress_bar(f"{official.name} (MiB)", None) as report:
        fetch(
            address,
            file,
            lambda done, total: report(done >> 20, total >> 20),
            lambda part: records.append(_check(part, official, address, subset)),
        )
    _keep(file, records[0])


def take_data_set(data_set: DataSet, folder: Path, source: Path, subset: bool) -> Counts:
    """Take a data set from a folder or zip that has been fetched some other way, check it, and give its counts.

    Official files are known by their names; without any, a zip that holds all of the data set is taken in whatever
    packing, such as Kaggle's. Files are linked, or copied where they can't be. Raises SinkError or DataError.
    """
    if not source.exists():
        raise DataError(f"{source}: no such file or folder")
    found = [official for official in data_set.files if (source / official.name).is_file()]
    if not found:
        chosen = [(_repacked(data_set, source, subset), OfficialFile("any"))]
    elif len(found) == len(data_set.files):
        chosen = [(source / official.name, official) for official in found]
    else:
        missing = ", ".join(official.name for official in data_set.files if official not in found)
        raise DataError(f"{source}: holds {found[0].name}, but not {missing}; leave out --from to fetch it")
    folder.mkdir(parents=True, exist_ok=True)
    for path, official in chosen:
        file = folder / path.name
        if _is_there(file, official, subset):
            continue
        record = _check(path, official, str(path.absolute()), subset)
        _link_or_copy(path, file)
        _keep(file, record)
    return check_counts(data_set, folder, subset)


def check_counts(data_set: DataSet, path: Path, subset: bool) -> Counts:
    """What a folder or zip holds of a data set, by its tables. Raises DataError where it isn't all, or a `subset`."""
    with Archive(path) as archive:
        counts = data_set.count(archive)
    if not subset and counts != data_set.counts:
        raise DataError(
            f"{path}: holds {as_text(counts)}, and the data set has {as_text(data_set.counts)}; see --subset"
        )
    return counts


def as_text(counts: Counts) -> str:
    """Counts for people."""
    return " and ".join(f"{count} {what}" for what, count in counts.items())


def _is_there(file: Path, official: OfficialFile, subset: bool) -> bool:
    """Whether the file is in its place and whole; one without a record is checked and gets one."""
    if not file.exists():
        return False
    try:
        known = FileRecord(**json.loads(_record_of(file).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        _keep(file, _check(file, official, str(file.absolute()), subset))
        return True
    if (known.size_bytes, known.sha256) != (file.stat().st_size, _sha256(file)):
        raise DataError(f"{file}: is not what it was when it came; remove it and give the same command again")
    _check_pins(file, known.size_bytes, known.sha256, official, subset)
    return True


def _check(file: Path, official: OfficialFile, origin: str, subset: bool) -> FileRecord:
    """What a zip is known by. Raises DataError where it isn't the official one, is damaged, or leads out of itself."""
    Archive(file).close()
    record = FileRecord(origin, file.stat().st_size, _sha256(file))
    _check_pins(file, record.size_bytes, record.sha256, official, subset)
    _check_members(file)
    return record


def _keep(file: Path, record: FileRecord) -> None:
    _record_of(file).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


def _check_members(file: Path) -> None:
    """Compare each picture and table of a zip with its checksum; `testzip` with progress, and for every damage."""
    label = f"checking {file.name.removesuffix('.part')} (MiB)"
    with zipfile.ZipFile(file) as archive, progress_bar(label, None) as report:
        members = archive.infolist()
        total, done = sum(member.file_size for member in members), 0
        if total > MAX_UNPACKED_BYTES:
            raise DataError(f"{file}: claims to hold {total >> 30} GiB; fetch it again from whom you trust")
        for member in members:
            try:
                with archive.open(member) as content:
                    while chunk := content.read(CHUNK_BYTES):
                        done += len(chunk)
            except DAMAGED as error:
                raise DataError(f"{file}: {member.filename} in it is damaged ({error}); fetch it again") from error
            report(done >> 20, total >> 20)


def _check_pins(file: Path, size_bytes: int, sha256: str, official: OfficialFile, subset: bool) -> None:
    if subset:
        return
    if official.size_bytes not in (None, size_bytes):
        raise DataError(
            f"{file}: {size_bytes} bytes, and the official file has {official.size_bytes}; "
            "fetch it again, or take it as it is with --subset"
        )
    if official.sha256 not in (None, sha256):
        raise DataError(
            f"{file}: its SHA-256 is {sha256}, and the official file's is {official.sha256}; "
            "fetch it again, or take it as it is with --subset"
        )


def _repacked(data_set: DataSet, source: Path, subset: bool) -> Path:
    candidates = sorted(source.glob("*.zip")) if source.is_dir() else [source]
    reasons = []
    for candidate in candidates:
        try:
            check_counts(data_set, candidate, subset)
        except DataError as error:
            reasons.append(str(error))
        else:
            return candidate
    names = ", ".join(official.name for official in data_set.files)
    raise DataError(
        f"{source}: neither {names} nor a zip of the whole data set in it: {'; '.join(reasons) or 'no zip'}"
    )


def _link_or_copy(path: Path, file: Path) -> None:
    part = file.with_name(file.name + ".part")
    try:
        part.unlink(missing_ok=True)
        try:
            os.link(path.resolve(), part)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
                raise
            shutil.copyfile(path, part)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SinkError(
            f"{file}: can't be written ({error.strerror or error}); make room, or choose another folder"
        ) from error


def _record_of(file: Path) -> Path:
    return file.with_name(file.name + ".json")


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
