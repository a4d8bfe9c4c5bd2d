"""Addresses of network cameras, and how to name one without its password."""

from edge.redaction import HIDDEN

SCHEMES = frozenset({"http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"})
"""Ways by which cameras send and the FFmpeg inside OpenCV receives."""


def is_address(spec: str) -> bool:
    """Tell whether a source's text is an address rather than a file's name."""
    return "://" in spec


def scheme_of(address: str) -> str:
    """Give the part before `://` in lower case."""
    return address.partition("://")[0].lower()


def without_credentials(address: str) -> str:
    """Make an address fit to be shown: neither user and password nor query are left in it.

    Everything up to the last `@` is hidden, because passwords are often typed in unescaped
    and may hold any of `/?#@`. Many cameras take a token in the query, so that goes too.

    Returns:
        For instance `rtsp://***@10.0.0.5:554/front?***`.
    """
    scheme, _, rest = address.partition("://")
    credentials, at_sign, place = rest.rpartition("@")
    shown = place.replace("#", "?").partition("?")[0]
    before = HIDDEN + at_sign if credentials or at_sign else ""
    after = f"?{HIDDEN}" if shown != place else ""
    return f"{scheme}://{before}{shown}{after}"
