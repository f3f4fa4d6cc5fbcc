"""Map video ids to the names of their archives, and refuse ids that cannot be stored, or not together."""

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from deepfake.errors import StoreError
from deepfake.names import fitted

SUFFIX = ".zip"
_MAX_BYTES = 255  # limit for one part of a path on most disks


def archive_name(video_id: str) -> str:
    """Return the path of a video's archive among the archives. A part that is too long is cut and gets a hash.

    Raises:
        StoreError: the id is not a path inside a folder, or not valid text.

    Example:
        >>> archive_name("real/000"), len(archive_name("x" * 300))
        ('real/000.zip', 221)
    """
    parts = video_id.split("/")
    if "\0" in video_id or not {"", ".", ".."}.isdisjoint(parts):
        raise StoreError(
            f"the video {video_id!r} cannot be stored: its name is not a path inside the store's folder; rename it"
        )
    try:
        video_id.encode()
    except UnicodeEncodeError as error:
        raise StoreError(f"the video {video_id!r} cannot be stored: its name is not UTF-8; rename it") from error
    if len(video_id) * 4 > _MAX_BYTES - len(SUFFIX):  # else none of the parts can be too long
        *folders, name = parts
        parts = [*(fitted(folder, _MAX_BYTES) for folder in folders), fitted(name, _MAX_BYTES - len(SUFFIX))]
    return "/".join(parts) + SUFFIX


def require_apart(paths: Mapping[str, Path], folder: Path) -> None:
    """Stop if two of the videos cannot be stored together.

    Args:
        paths: video_id -> file.
        folder: the store's folder, which exists.

    Raises:
        StoreError: two videos would have one archive, or the archive of one would be a folder of another's.
    """
    same = _as_one_name if _ignores_case(folder) else str
    archives: dict[str, str] = {}
    for video_id in paths:
        other = archives.setdefault(same(archive_name(video_id)), video_id)
        if other is not video_id:
            raise StoreError(
                f"{other} and {video_id} cannot both be stored, as they would have one archive: rename "
                f"{paths[video_id]}"
            )
    inside = _folders(archives)
    for archive in archives.keys() & inside.keys():
        outer, inner = archives[archive], archives[inside[archive]]
        raise StoreError(
            f"{outer} and {inner} cannot both be stored, as the archive of the first would be the folder of the "
            f"second: rename {paths[outer]}"
        )


def _folders(archives: Iterable[str]) -> dict[str, str]:
    """Return every folder that contains an archive, with one of the archives in it."""
    found: dict[str, str] = {}
    for archive in archives:
        folder = archive.rpartition("/")[0]
        while folder and folder not in found:
            found[folder] = archive
            folder = folder.rpartition("/")[0]
    return found


def _ignores_case(folder: Path) -> bool:
    return (folder / "recipe.yaml").exists() and (folder / "RECIPE.YAML").exists()


def _as_one_name(name: str) -> str:
    """Return the form that is shared by all names that a case-insensitive disk treats as equal."""
    return unicodedata.normalize("NFC", name).casefold()
