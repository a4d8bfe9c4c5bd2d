"""Keys for the wire: who may subscribe, and that it is the vehicle that speaks (CurveZMQ, RFC 26).

A pair is two files, as pyzmq and CZMQ write them: `NAME.key`, which everybody may know, and `NAME.key_secret`.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import zmq
import zmq.auth

from edge.errors import WireError

PUBLIC_SUFFIX = ".key"
SECRET_SUFFIX = ".key_secret"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One side's keys, each 40 characters of Z85."""

    public: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class PublisherKeys:
    """The publisher's own pair, and whom it lets in."""

    own: KeyPair
    allowed: frozenset[bytes]
    """Public keys in Z85."""


@dataclass(frozen=True, slots=True)
class SubscriberKeys:
    """The subscriber's own pair, and the publisher that it will believe."""

    own: KeyPair
    publisher: bytes
    """The publisher's public key in Z85."""


def make_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a new pair into a folder; gives the files of the public and the secret key.

    The secret one can be read by its owner only. Raises WireError where a file of that name is there already, or none
    can be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise WireError(f"{name!r} is no name for a key; take letters, digits, dots and dashes")
    public, secret = folder / (name + PUBLIC_SUFFIX), folder / (name + SECRET_SUFFIX)
    for file in (public, secret):
        if file.exists():
            raise WireError(f"{file} is there already; remove it, or choose another name")
    before = os.umask(0o077)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        zmq.auth.create_certificates(folder, name)
        public.chmod(0o644)
    except OSError as error:
        raise WireError(f"{folder}: no key can be written ({error.strerror})") from error
    finally:
        os.umask(before)
    return public, secret


def read_pair(file: Path) -> KeyPair:
    """Both keys, from the file of the secret one. Raises WireError."""
    public, secret = _read(file)
    if secret is None:
        raise WireError(f"{file} holds no secret key; give the file that ends in {SECRET_SUFFIX}")
    return KeyPair(public, secret)


def read_public(file: Path) -> bytes:
    """The public key of a file of either kind, in Z85. Raises WireError."""
    return _read(file)[0]


def read_allowed(folder: Path) -> frozenset[bytes]:
    """The public keys of a folder's `*.key` files, in Z85. Raises WireError where there are none."""
    files = sorted(folder.glob("*" + PUBLIC_SUFFIX))
    if not files:
        raise WireError(f"{folder} holds no public keys (*{PUBLIC_SUFFIX}); nobody could subscribe")
    return frozenset(read_public(file) for file in files)


def _read(file: Path) -> tuple[bytes, bytes | None]:
    try:
        public, secret = zmq.auth.load_certificate(file)
    except OSError as error:
        why = error.strerror or "it is not there"
        raise WireError(f"{file} can't be read as a key ({why}); `signwatch keys` makes one") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise WireError(f"{file} is no key; `signwatch keys` makes one") from error
    if len(public) != 40 or (secret is not None and len(secret) != 40):
        raise WireError(f"{file} is no key; `signwatch keys` makes one")
    return public, secret
