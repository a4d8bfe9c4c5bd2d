"""Addresses and secrets: whether the ones can be bound, and the others be read by strangers."""

import stat
from collections.abc import Sequence
from pathlib import Path

from edge.curve import PublisherKeys
from edge.doctor.finding import Finding, broken_by
from edge.errors import WireError
from edge.publisher import SignPublisher

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_addresses(addresses: Sequence[str], *, insecure: bool, keys: PublisherKeys | None) -> list[Finding]:
    """Bind each address as a run would, and let go of it."""
    findings = []
    for address in addresses:
        try:
            with SignPublisher(address, insecure=insecure, keys=keys) as publisher:
                findings.append(Finding("port", "ok", f"{publisher.address} can be bound"))
        except WireError as error:
            findings.append(broken_by("port", error))
    return findings


def check_secret(file: Path) -> Finding:
    """Whether the file of a secret key can be read by its owner alone."""
    mode = file.stat().st_mode
    if mode & OTHERS:
        return Finding("keys", "warning", f"{file} can be read by others ({stat.filemode(mode)})", f"chmod 600 {file}")
    return Finding("keys", "ok", f"{file} can be read by its owner alone")
