"""Names on disk: which files are videos, and under which id. Only directory entries are read, so it is fast."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepfake.errors import CorpusError
from deepfake.schema import VIDEO_SUFFIXES


@dataclass(frozen=True, slots=True)
class Scan:
    """The videos of one folder.

    Attributes:
        folder: path inside the corpus.
        exists: whether the folder is there.
        files: id -> file, sorted by id; the id is the POSIX path inside the corpus without suffix.
        num_files: files of any kind in the folder.
    """

    folder: str
    exists: bool
    files: dict[str, Path]
    num_files: int


def scan(root: Path, folder: str) -> Scan:
    """Lists the videos that lie directly in a folder; a folder that is not there is empty.

    Of two files with one stem (`a.mp4`, `a.avi`) the one whose suffix comes first in `VIDEO_SUFFIXES` is taken.
    """
    if not (root / folder).is_dir():
        return Scan(folder, False, {}, 0)
    with os.scandir(root / folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_file())
    files = {
        f"{folder}/{stem}": root / folder / f"{stem}{suffix}"
        for stem, suffix in sorted(map(os.path.splitext, filter(is_video, names)), key=_preferred_last)
    }
    return Scan(folder, True, dict(sorted(files.items())), len(names))


def is_video(name: str) -> bool:
    """Whether a file name is a video's. Names with a leading dot are not (`._000.mp4` is macOS's shadow of one)."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES


def tree(top: Path) -> list[Path]:
    """All files below a folder, sorted, through linked folders; hidden folders are not entered."""
    files, entered = [], {top.resolve()}
    for folder, subfolders, names in os.walk(top, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in list(subfolders):
            if os.path.islink(os.path.join(folder, name)):
                target = Path(folder, name).resolve()
                if target in entered:  # a link back up would never end
                    subfolders.remove(name)
                entered.add(target)
        files += [Path(folder, name) for name in names]
    return sorted(files)


def require_folder(path: str | Path, option: str, contents: str) -> Path:
    """Returns the path if it is a folder.

    Raises:
        CorpusError: it is not; the message names the option that gives it and what should be in it.
    """
    path = Path(path).expanduser()
    if not path.is_dir():
        raise CorpusError(f"{path} is not a folder; set {option} to the one that holds {contents}")
    return path


def read_text(path: Path, cure: str) -> str:
    """Reads a list.

    Raises:
        CorpusError: it is not there, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CorpusError(f"{path} is missing; {cure}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); {cure}") from None


def require_choices(option: str, chosen: Sequence[str], choices: Sequence[str]) -> tuple[str, ...]:
    """Returns what was chosen, in the order of the choices and each once.

    Raises:
        CorpusError: something was chosen that is no choice, or nothing was.
    """
    if unknown := sorted(set(chosen) - set(choices)):
        raise CorpusError(f"{option} has no {unknown[0]!r}; choose from {', '.join(choices)}")
    if not chosen:
        raise CorpusError(f"{option} is empty; choose from {', '.join(choices)}")
    return tuple(choice for choice in choices if choice in set(chosen))


def _preferred_last(name: tuple[str, str]) -> tuple[str, int, str]:
    # Later entries overwrite earlier ones in the dict above, so the preferred suffix must come last.
    stem, suffix = name
    return stem, -VIDEO_SUFFIXES.index(suffix.lower()), suffix
