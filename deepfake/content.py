"""What a file holds, as one hash that the face store, the audit and the content digest of a corpus share."""

import hashlib
from functools import partial
from pathlib import Path

hasher = partial(hashlib.blake2b, digest_size=16)


def digest(path: Path) -> str:
    """32 hex digits of a file's content (BLAKE2b)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, hasher).hexdigest()
