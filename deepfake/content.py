"""Every hash of this project: of files, bytes and texts.

They stand on disks, as names of folders, in tables and in checkpoints, and they decide splits, so none may change.
Python's own `hash()` would not do, since it differs from process to process.
"""

import hashlib
from functools import partial
from pathlib import Path

hasher = partial(hashlib.blake2b, digest_size=16)  # for what comes in pieces, as `sha256` is
sha256 = hashlib.sha256


def digest(*paths: Path) -> str:
    """32 hex digits of what files hold, one after the other (BLAKE2b): `b2sum -l 128` of one file."""
    total = hasher()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: total)
    return total.hexdigest()


def digest_of_bytes(content: bytes, size: int = 16) -> str:
    """The same of bytes, with two hex digits for each of `size`."""
    return hashlib.blake2b(content, digest_size=size).hexdigest()


def sha256_of_file(path: Path) -> str:
    """64 hex digits of what a file holds, as `sha256sum` prints them."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, sha256).hexdigest()


def sha256_of_text(text: str) -> str:
    """64 hex digits of a text in UTF-8."""
    return sha256(text.encode()).hexdigest()
