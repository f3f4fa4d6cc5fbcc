"""Walk folders, for corpora and predictions alike: links are followed, but never in circles."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from deepfake.errors import CorpusError

HIDDEN = "a hidden folder"
DEAD_LINK = "a link that leads nowhere"
UPWARDS = "a link to a folder that it lies in, or that is looked at anyway"
SECOND_NAME = "a second name"
NO_FILE = "neither a file nor a folder"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry of a folder that is ignored.

    Attributes:
        path: the path by which it was found.
        reason: in a few words, equal for all entries of a kind.
        same_as: the other name under which the file or folder is used; None if that is not the reason.
    """

    path: Path
    reason: str
    same_as: Path | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """The entries below some folders.

    Attributes:
        files: sorted, each file once.
        left_out: all ignored entries, sorted by path.
    """

    files: list[Path]
    left_out: list[LeftOut]


class Kind(Enum):
    FILE = auto()
    FOLDER = auto()
    LINKED_FILE = auto()
    LINKED_FOLDER = auto()


def tree(*tops: Path) -> Tree:
    """Return all files below some folders, including those reached through links.

    Hidden folders are not entered, nor is a link to a folder that holds the link or one of the tops. A file or folder
    with several names is used under one of them: a name without a link in its path, otherwise the first.
    """
    walk = _Walk([os.path.realpath(top) for top in tops])
    for top in sorted(tops, key=os.path.islink):
        walk.enter(top)
    while walk.linked_folders:  # followed last, so that a folder reached without a link gets that name
        walk.follow(walk.linked_folders.pop(0))
    walk.files |= {link: os.path.realpath(link) for link in sorted(walk.linked_files)}
    seconds = second_names(walk.files)
    left_out = [*walk.left_out, *(LeftOut(second, SECOND_NAME, first) for second, first in seconds.items())]
    return Tree(sorted(walk.files.keys() - seconds), sorted(left_out, key=lambda left: left.path))


@dataclass(slots=True)
class _Walk:
    """What was come upon so far: `entered` has folders by where they really are, `files` where each file really is."""

    tops: Sequence[str]
    entered: dict[str, Path] = field(default_factory=dict)
    files: dict[Path, str] = field(default_factory=dict)
    linked_folders: list[Path] = field(default_factory=list)
    linked_files: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def enter(self, top: Path) -> None:
        """Collect the entries in a folder and below, except in folders already entered, and save links for later."""
        links, folders = [], [(top, os.path.realpath(top))]
        while folders:
            folder, real = folders.pop()
            if real in self.entered:
                self.left_out.append(LeftOut(folder, SECOND_NAME, self.entered[real]))
                continue
            self.entered[real] = folder
            try:
                for name, kind in entries(folder):
                    path = folder / name
                    if isinstance(kind, str):
                        self.left_out.append(LeftOut(path, kind))
                    elif kind is Kind.FILE:
                        self.files[path] = os.path.join(real, name)
                    elif kind is Kind.LINKED_FILE:
                        self.linked_files.append(path)
                    elif name.startswith("."):
                        self.left_out.append(LeftOut(path, HIDDEN))
                    elif kind is Kind.FOLDER:
                        folders.append((path, os.path.join(real, name)))
                    else:
                        links.append(path)
            except OSError as error:
                self.left_out.append(LeftOut(folder, _unreadable(error)))
        self.linked_folders += sorted(links)

    def follow(self, link: Path) -> None:
        """Enter a folder through a link, unless the link leads upwards."""
        real = os.path.realpath(link)
        if any(_holds(real, inner) for inner in (*self.tops, os.path.realpath(link.parent))):
            self.left_out.append(LeftOut(link, UPWARDS))
        else:
            self.enter(link)


def second_names(files: Mapping[Path, str]) -> dict[Path, Path]:
    """The paths that lead to the same file as an earlier path does, and that earlier path.

    Args:
        files: path -> where the file really is.
    """
    names: dict[str, Path] = {}
    return {path: names[real] for path, real in files.items() if names.setdefault(real, path) != path}


def real_places(paths: Iterable[Path]) -> dict[Path, str]:
    """Where files really are; paths that are links come last, so `second_names` prefers the others."""
    paths = sorted(paths, key=os.path.islink)
    folders = {folder: os.path.realpath(folder) for folder in {path.parent for path in paths}}
    return {
        path: os.path.realpath(path) if path.is_symlink() else os.path.join(folders[path.parent], path.name)
        for path in paths
    }


def entries(folder: Path) -> Iterator[tuple[str, Kind | str]]:
    """Yield name and kind of each entry in a folder, sorted; for an unusable entry, the reason instead of a kind."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        yield entry.name, _kind(entry)


def _kind(entry: "os.DirEntry[str]") -> Kind | str:
    try:
        is_link = entry.is_symlink()
        if entry.is_dir():
            return Kind.LINKED_FOLDER if is_link else Kind.FOLDER
        if entry.is_file():
            return Kind.LINKED_FILE if is_link else Kind.FILE
        return DEAD_LINK if is_link and not os.path.exists(entry.path) else NO_FILE
    except OSError as error:  # for example, a link to itself
        return _unreadable(error)


def _unreadable(error: OSError) -> str:
    return f"it cannot be read ({error.strerror or error})"


def subfolders(folder: Path) -> list[Path]:
    """Return the folders directly in a folder, including links, sorted.

    Raises:
        CorpusError: the folder cannot be read.
    """
    try:
        return [folder / name for name, kind in entries(folder) if kind in (Kind.FOLDER, Kind.LINKED_FOLDER)]
    except OSError as error:
        raise cannot_be_read(folder, error) from None


def cannot_be_read(folder: Path, error: OSError) -> CorpusError:
    return CorpusError(f"{folder} cannot be read ({error.strerror or error}); let this user read it, then try again")


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)
