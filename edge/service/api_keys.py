"""API keys: who may ask a service that other machines reach.

A file of keys holds a name and the SHA-256 of a key in each line, so that whoever reads the file has no key. A key is
256 random bits, which no table of guesses holds; a slow hash would add nothing.
"""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge.errors import WireError

KEY_BYTES = 32
_LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,64})\s+(?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the service knows it."""

    name: str
    """Whose it is."""
    digest: str
    """SHA-256 of the key in hex."""


def digest_of_key(key: str) -> str:
    """What a file of keys knows a key by."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def read_api_keys(path: Path) -> tuple[ApiKey, ...]:
    """The keys in a file; empty lines and those that begin with `#` don't count. Raises WireError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WireError(f"{path}: can't be read as API keys ({error})") from error
    keys: dict[str, ApiKey] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise WireError(f"{path}:{number}: no API key; make one with `signwatch keys NAME --api {path}`")
        if match["name"] in keys:
            raise WireError(f"{path}:{number}: {match['name']} has a key already; take one of them out")
        keys[match["name"]] = ApiKey(match["name"], match["digest"])
    if not keys:
        raise WireError(f"{path}: holds no API key; make one with `signwatch keys NAME --api {path}`")
    return tuple(keys.values())


def add_api_key(path: Path, name: str) -> str:
    """Make a key and add it to a file, which only its owner may read; gives the key, which is kept nowhere.

    Raises WireError where the name can't be used or has a key already, or the file can't be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
        raise WireError(f"{name!r} is no name for a key; use up to 64 letters, digits, dots, dashes and underscores")
    if path.exists() and path.stat().st_size and any(key.name == name for key in read_api_keys(path)):
        raise WireError(f"{path}: {name} has a key already; take its line out first")
    key = secrets.token_urlsafe(KEY_BYTES)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            file.write(f"{name} {digest_of_key(key)}\n")
    except OSError as error:
        raise WireError(f"{path}: can't be written ({error.strerror})") from error
    return key
