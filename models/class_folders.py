"""Reader of a data set of one's own: a folder (or zip) with a folder of pictures for each sign, `FOLDER/<class>/*`.

A class folder is named by the sign's class id, code or name in the catalogue. A picture shows one sign and nothing
else, unless a table in its folder says where in the picture the sign is: CSV with the benchmark's columns Filename,
Roi.X1, Roi.Y1, Roi.X2, Roi.Y2 (corners inclusive), parted by `;` or `,`.

Pictures of one physical sign belong together, so that none is learnt from while another is held out: those named
`<track>_<number>`, both of digits, as the benchmark's are. Any other picture is taken for a sign of its own.
"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from models.archive import Archive
from models.catalogue import Catalogue
from models.errors import DataError
from models.gtsrb import Part, SignPicture, list_pictures, refuse, region, table_rows, tables_of
from models.pictures import picture_size

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".webp"})
TRACK = re.compile(r"(?:\d+_)*(\d+)_\d+")

Region = tuple[int, int, int, int]


def is_benchmark(archive: Archive) -> bool:
    """Whether it has the benchmark's tables, of either part."""
    return bool(tables_of(archive, "train") or tables_of(archive, "test"))


def list_signs(
    archive: Archive, part: Part, catalogue: Catalogue, on_problem: Callable[[str], None] = refuse
) -> list[SignPicture]:
    """The pictures of a data set: of the benchmark's part where it has its tables, else of class folders, all of them.

    `on_problem` as in `list_pictures`. Raises DataError where it is neither.
    """
    if is_benchmark(archive):
        return list_pictures(archive, part, len(catalogue), on_problem)
    return list_class_folders(archive, catalogue, on_problem)


def list_class_folders(
    archive: Archive, catalogue: Catalogue, on_problem: Callable[[str], None] = refuse
) -> list[SignPicture]:
    """The pictures in class folders, in file order; of each only the head is read.

    A picture that is named in a table and isn't there, or whose size can't be read, goes to `on_problem` as one line;
    if that returns, it is left out. Without one it raises DataError, as do an archive without pictures and a folder
    whose name is none or several of the catalogue's.
    """
    files = [PurePosixPath(name) for name in archive.names() if not _is_hidden(name)]
    pictures = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES]
    if not pictures:
        raise DataError(
            f"{archive.path}: neither GTSRB's tables nor folders of pictures "
            f"({', '.join(sorted(PICTURE_SUFFIXES))}), one for each sign"
        )
    class_ids = {folder: _class_of(folder, archive, catalogue) for folder in {file.parent for file in pictures}}
    regions: dict[PurePosixPath, Region] = {}
    for table in files:
        if table.suffix.lower() == ".csv":
            regions |= _read_table(archive, table)
    for file in sorted(regions.keys() - set(pictures)):
        on_problem(f"{archive.path}: the picture {file} is missing, named in a table beside it")
    found = []
    for file in sorted(pictures, key=str):
        class_id = class_ids[file.parent]
        try:
            roi = regions.get(file) or (0, 0, *picture_size(archive.read(str(file)), f"{archive.path}: {file}"))
        except DataError as error:
            on_problem(str(error))
            continue
        found.append(SignPicture(str(file), class_id, roi, _track(file, class_id)))
    return found


def _is_hidden(name: str) -> bool:
    """What systems leave in folders and zips beside what was put there."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _class_of(folder: PurePosixPath, archive: Archive, catalogue: Catalogue) -> int:
    name = folder.name
    found = {
        sign.class_id for sign in catalogue if name and (sign.code == name or sign.name.casefold() == name.casefold())
    }
    if name.isdecimal() and int(name) < len(catalogue):
        found.add(int(name))
    if len(found) == 1:
        return found.pop()
    if found:
        which = " and ".join(f"{class_id} ({catalogue[class_id].name})" for class_id in sorted(found))
        raise DataError(f"{archive.path}: the folder {name!r} may be class {which}; name it by the sign's name")
    place = f"the folder {str(folder)!r} is" if name else "pictures that lie in no folder are"
    raise DataError(
        f"{archive.path}: {place} no class of the catalogue; name a folder by a sign's class id "
        f"(0 to {len(catalogue) - 1}), code or name"
    )


def _read_table(archive: Archive, table: PurePosixPath) -> dict[PurePosixPath, Region]:
    """Where the sign is in each picture of a table; nothing for a table of other things."""
    first_line = archive.read_text(str(table)).readline()
    if "Filename" not in first_line or "Roi.X1" not in first_line:
        return {}
    regions = {}
    for row, place in table_rows(archive, str(table), ";" if ";" in first_line else ","):
        try:
            regions[table.parent / row["Filename"]] = region(row)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{place}: {error!r}") from error
    return regions


def _track(file: PurePosixPath, class_id: int) -> str:
    named = TRACK.fullmatch(file.stem)
    return f"{class_id}/{named[1]}" if named else str(file)
