"""Numbers, times and places as people read them."""


def duration(seconds: float) -> str:
    """How long something takes: `3 h 24 min`, `12 min`, `8 s`; minutes from one and a half on."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60:,} h {minutes % 60:02d} min"


def moment(seconds: float) -> str:
    """A place in a recording, to the tenth of a second: `1:02:03.4`, `2:03.4`."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    text = f"{minutes % 60:02d}:{rest / 10:04.1f}" if minutes >= 60 else f"{minutes}:{rest / 10:04.1f}"
    return f"{minutes // 60}:{text}" if minutes >= 60 else text


def position(latitude: float, longitude: float, digits: int = 2) -> str:
    """A place on Earth: `52.27° N, 8.05° E`."""
    north, east = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.{digits}f}° {north}, {abs(longitude):.{digits}f}° {east}"


def plural(count: int, word: str) -> str:
    """A word for as many things: `sign` for one, else `signs`."""
    return word if count == 1 else f"{word}s"


def clipped(text: str, most: int = 300) -> str:
    """Text that came out of a file, no longer than a page has room for."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
