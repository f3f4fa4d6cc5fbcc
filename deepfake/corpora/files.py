"""Names on disk: which files are videos, and under which id. Only directory entries are read, so it is fast."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from deepfake.errors import CorpusError
from deepfake.names import as_text
from deepfake.schema import VIDEO_SUFFIXES


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What lies in a folder and is not looked at.

    Attributes:
        path: as it was come upon.
        reason: in a few words, the same ones for all of a kind.
        same_as: the other name of the file or folder, under which it is looked at; None unless that is the reason.
    """

    path: Path
    reason: str
    same_as: Path | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """What lies below some folders.

    Attributes:
        files: sorted, each file once.
        left_out: all else, sorted by path.
    """

    files: list[Path]
    left_out: list[LeftOut]


@dataclass(frozen=True, slots=True)
class Scan:
    """The videos of one folder.

    Attributes:
        folder: path inside the corpus.
        exists: whether the folder is there.
        files: id -> file, sorted by id; the id is the POSIX path inside the corpus without suffix, see `names.as_text`.
        num_files: files of any kind in the folder.
        left_out: what is neither a file nor a folder.
    """

    folder: str
    exists: bool
    files: dict[str, Path]
    num_files: int
    left_out: tuple[LeftOut, ...] = ()


HIDDEN = "a hidden folder"
DEAD_LINK = "a link that leads nowhere"
UPWARDS = "a link to a folder that it lies in"
SECOND_NAME = "a second name"
NO_FILE = "neither a file nor a folder"


class _Kind(Enum):
    FILE = auto()
    FOLDER = auto()
    LINKED_FILE = auto()
    LINKED_FOLDER = auto()


def scan(root: Path, folder: str) -> Scan:
    """Lists the videos that lie directly in a folder; a folder that is not there is empty.

    Of two files with one stem (`a.mp4`, `a.avi`) the one whose suffix comes first in `VIDEO_SUFFIXES` is taken.

    Raises:
        CorpusError: the folder cannot be read.
    """
    top = root / folder
    if not os.path.isdir(top):
        return Scan(folder, False, {}, 0)
    try:
        entries = dict(_entries(top))
    except OSError as error:
        raise _cannot_be_read(top, error) from None
    names = [name for name, kind in entries.items() if kind in (_Kind.FILE, _Kind.LINKED_FILE)]
    files = {
        f"{folder}/{as_text(stem)}": top / f"{stem}{suffix}"
        for stem, suffix in sorted(map(os.path.splitext, filter(is_video, names)), key=_preferred_last)
    }
    left_out = tuple(LeftOut(top / name, kind) for name, kind in entries.items() if isinstance(kind, str))
    return Scan(folder, True, dict(sorted(files.items())), len(names), left_out)


def is_video(name: str) -> bool:
    """Whether a file name is a video's. Names with a leading dot are not (`._000.mp4` is macOS's shadow of one)."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES


def tree(*tops: Path) -> Tree:
    """All files below some folders, also those that links lead to.

    Hidden folders are not entered, nor is a link to a folder that holds the link or one of the tops. A file or folder
    with several names is looked at under one of them: the one that no link is in, else the first.
    """
    walk = _Walk([os.path.realpath(top) for top in tops])
    for top in sorted(tops, key=os.path.islink):
        walk.enter(top)
    while walk.linked_folders:  # last: a folder that is reached without a link is called so
        walk.follow(walk.linked_folders.pop(0))
    for link in sorted(walk.linked_files):
        walk.add(link, os.path.realpath(link))
    return Tree(sorted(walk.files.values()), sorted(walk.left_out, key=lambda left: left.path))


@dataclass(slots=True)
class _Walk:
    """What was come upon so far; `entered` and `files` are by where things really are."""

    tops: Sequence[str]
    entered: dict[str, Path] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    linked_folders: list[Path] = field(default_factory=list)
    linked_files: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def enter(self, top: Path) -> None:
        """Take what lies in a folder and below it, save what has been entered, and note the links for later."""
        links, folders = [], [(top, os.path.realpath(top))]
        while folders:
            folder, real = folders.pop()
            if real in self.entered:
                self.left_out.append(LeftOut(folder, SECOND_NAME, self.entered[real]))
                continue
            self.entered[real] = folder
            try:
                for name, kind in _entries(folder):
                    path = folder / name
                    if isinstance(kind, str):
                        self.left_out.append(LeftOut(path, kind))
                    elif kind is _Kind.FILE:
                        self.add(path, os.path.join(real, name))
                    elif kind is _Kind.LINKED_FILE:
                        self.linked_files.append(path)
                    elif name.startswith("."):
                        self.left_out.append(LeftOut(path, HIDDEN))
                    elif kind is _Kind.FOLDER:
                        folders.append((path, os.path.join(real, name)))
                    else:
                        links.append(path)
            except OSError as error:
                self.left_out.append(LeftOut(folder, _unreadable(error)))
        self.linked_folders += sorted(links)

    def follow(self, link: Path) -> None:
        """Enter a folder through a link, unless it would lead up."""
        real = os.path.realpath(link)
        if any(_holds(real, inner) for inner in (*self.tops, os.path.realpath(link.parent))):
            self.left_out.append(LeftOut(link, UPWARDS))
        else:
            self.enter(link)

    def add(self, path: Path, real: str) -> None:
        """Take a file, unless it was taken under another name."""
        if real in self.files:
            self.left_out.append(LeftOut(path, SECOND_NAME, self.files[real]))
        else:
            self.files[real] = path


def second_names(paths: Iterable[Path]) -> dict[Path, Path]:
    """Of some paths, those that lead to the same file as another one, and that other one.

    A file is called by the first path that no link is at the end of, else by the first.
    """
    paths, folders = list(paths), {}
    names: dict[str, Path] = {}
    seconds = {}
    for path in sorted(paths, key=os.path.islink):
        if path.parent not in folders:
            folders[path.parent] = os.path.realpath(path.parent)
        real = os.path.realpath(path) if os.path.islink(path) else os.path.join(folders[path.parent], path.name)
        if names.setdefault(real, path) != path:
            seconds[path] = names[real]
    return seconds


def subfolders(folder: Path) -> list[Path]:
    """The folders that lie directly in one, linked ones too, sorted.

    Raises:
        CorpusError: it cannot be read.
    """
    try:
        return [folder / name for name, kind in _entries(folder) if kind in (_Kind.FOLDER, _Kind.LINKED_FOLDER)]
    except OSError as error:
        raise _cannot_be_read(folder, error) from None


def require_folder(path: str | Path, option: str, contents: str) -> Path:
    """Returns the path if it is a folder.

    Raises:
        CorpusError: it is not; the message names the option that gives it and what should be in it.
    """
    path = Path(path).expanduser()
    if not os.path.isdir(path):
        raise CorpusError(f"{path} is not a folder; set {option} to the one that holds {contents}")
    return path


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


def _entries(folder: Path) -> Iterator[tuple[str, _Kind | str]]:
    """Name and kind of all that lies in a folder, sorted; of what cannot be used, why."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        yield entry.name, _kind(entry)


def _kind(entry: "os.DirEntry[str]") -> _Kind | str:
    try:
        is_link = entry.is_symlink()
        if entry.is_dir():
            return _Kind.LINKED_FOLDER if is_link else _Kind.FOLDER
        if entry.is_file():
            return _Kind.LINKED_FILE if is_link else _Kind.FILE
        return DEAD_LINK if is_link and not os.path.exists(entry.path) else NO_FILE
    except OSError as error:  # as of a link to itself
        return _unreadable(error)


def _unreadable(error: OSError) -> str:
    return f"it cannot be read ({error.strerror or error})"


def _cannot_be_read(folder: Path, error: OSError) -> CorpusError:
    return CorpusError(f"{folder} cannot be read ({error.strerror or error}); let this user read it, then try again")


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)


def _preferred_last(name: tuple[str, str]) -> tuple[str, int, str]:
    # Later entries overwrite earlier ones in the dict above, so the preferred suffix must come last.
    stem, suffix = name
    return stem, -VIDEO_SUFFIXES.index(suffix.lower()), suffix
