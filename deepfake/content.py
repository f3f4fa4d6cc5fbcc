"""Hash a file's content. The face store, the audit and the content digest of a corpus share this one hash."""

import hashlib
from functools import partial
from pathlib import Path

hasher = partial(hashlib.blake2b, digest_size=16)


def digest(path: Path) -> str:
    """Return the BLAKE2b hash of a file's content as 32 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, hasher).hexdigest()
