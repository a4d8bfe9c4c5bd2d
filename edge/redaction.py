"""Keeps the passwords of addresses out of whatever is shown, wherever the text came from."""

import re

HIDDEN = "***"
"""Stands for what is hidden."""
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/{1,3})(.*?)(?=[A-Za-z][A-Za-z0-9+.-]*:/{1,3}|$)", re.DOTALL)
_BARE = re.compile(r"[^\s:@/]+:[^\s@/]+@")
"""`user:password@` without an address before it, as where somebody mistyped the scheme."""
_QUERY = re.compile(r"^([^\s?#]+)[?#]\S+")


def without_passwords(text: str) -> str:
    """The text without what stands before an address's `@` and without its query, where many cameras take a token.

    Passwords are often typed in unescaped and may hold blanks, slashes and `@` themselves. So from one `scheme:/` to
    the next, everything up to the last `@` is hidden: rather a word too many than half a password.
    """
    return _BARE.sub(f"{HIDDEN}@", _ADDRESS.sub(_shown, text))


def _shown(found: re.Match[str]) -> str:
    credentials, at_sign, place = found[2].rpartition("@")
    before = HIDDEN + at_sign if credentials else at_sign
    return found[1] + before + _QUERY.sub(rf"\1?{HIDDEN}", place)
