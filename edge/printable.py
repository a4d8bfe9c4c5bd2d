"""Messages' values as text for a terminal."""

from datetime import datetime


def clock(unix_ns: int) -> str:
    """A UNIX time in nanoseconds as local time of day, to the millisecond."""
    return datetime.fromtimestamp(unix_ns / 1e9).strftime("%H:%M:%S.%f")[:-3]


def printable(text: str) -> str:
    """Replace what could move a terminal's cursor: the text comes from the network."""
    return "".join(character if character.isprintable() else "?" for character in text)
