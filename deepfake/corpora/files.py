"""Find the videos in a folder and their ids. Only directory entries are read, so it is fast."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from deepfake.corpora.walk import Kind, LeftOut, cannot_be_read, entries
from deepfake.errors import CorpusError
from deepfake.names import as_id
from deepfake.schema import IMAGE_SUFFIXES, VIDEO_SUFFIXES


@dataclass(frozen=True, slots=True)
class Scan:
    """The videos of one folder.

    Attributes:
        folder: path inside the corpus.
        exists: whether the folder exists.
        files: id -> file, sorted by id; the id is the POSIX path inside the corpus without suffix, see `names.as_id`.
        num_files: files of any kind in the folder.
        left_out: entries that are not files.
    """

    folder: str
    exists: bool
    files: dict[str, Path]
    num_files: int
    left_out: tuple[LeftOut, ...] = ()


def scan(root: Path, folder: str) -> Scan:
    """List the videos directly in a folder; a folder that does not exist counts as empty.

    If two files share a stem (`a.mp4`, `a.avi`), the one whose suffix comes first in `VIDEO_SUFFIXES` is taken.

    Raises:
        CorpusError: the folder cannot be read.
    """
    top = root / folder
    if not os.path.isdir(top):
        return Scan(folder, False, {}, 0)
    try:
        found = dict(entries(top))
    except OSError as error:
        raise cannot_be_read(top, error) from None
    names = [name for name, kind in found.items() if kind in (Kind.FILE, Kind.LINKED_FILE)]
    files = {
        f"{folder}/{as_id(stem)}": top / f"{stem}{suffix}"
        for stem, suffix in sorted(map(os.path.splitext, filter(is_video, names)), key=_preferred_last)
    }
    left_out = tuple(
        LeftOut(top / name, kind if isinstance(kind, str) else "a folder, where only files are expected")
        for name, kind in found.items()
        if kind not in (Kind.FILE, Kind.LINKED_FILE)
    )
    return Scan(folder, True, dict(sorted(files.items())), len(names), left_out)


def is_video(name: str) -> bool:
    """Return whether a file name is a video's. Hidden files are not (`._000.mp4` is macOS's metadata for a video)."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES


def is_image(name: str) -> bool:
    """Return whether a file name is an image's. Hidden files are not."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def require_folder(path: str | Path, option: str, contents: str) -> Path:
    """Return the path if it is a folder.

    Raises:
        CorpusError: it is not; the message names the option that sets it and what the folder should hold.
    """
    path = Path(path).expanduser()
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: the name contains a zero byte
        is_folder = False
    except OSError as error:
        raise cannot_be_read(path, error) from None
    if not is_folder:
        raise CorpusError(f"{path} is not a folder; set {option} to the one that holds {contents}")
    return path


def _preferred_last(name: tuple[str, str]) -> tuple[str, int, str]:
    # Later entries overwrite earlier ones in the dict above, so the preferred suffix must come last.
    stem, suffix = name
    return stem, -VIDEO_SUFFIXES.index(suffix.lower()), suffix
