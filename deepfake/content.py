"""Hashes files, bytes and texts for the whole project.

The hashes name folders, are stored in tables and checkpoints, and decide splits, so they must never change. Python's
own `hash()` cannot be used, since it differs between processes.
"""

import hashlib
from functools import partial
from pathlib import Path

hasher = partial(hashlib.blake2b, digest_size=16)  # for content that comes in pieces, like `sha256`
sha256 = hashlib.sha256


def digest(*paths: Path) -> str:
    """Return 32 hex digits (BLAKE2b) of the contents of files, one after the other; as `b2sum -l 128` for one file."""
    total = hasher()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: total)
    return total.hexdigest()


def digest_of_bytes(content: bytes, size: int = 16) -> str:
    """Return the same hash of bytes, `size` bytes long, as twice as many hex digits."""
    return hashlib.blake2b(content, digest_size=size).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return 64 hex digits of a file's content, as `sha256sum` prints them."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, sha256).hexdigest()


def sha256_of_text(text: str) -> str:
    """Return 64 hex digits of a text in UTF-8."""
    return sha256(text.encode()).hexdigest()
