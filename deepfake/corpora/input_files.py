"""Finds the files that a user wants to score: given one by one, in folders, by patterns or in lists of paths."""

import glob
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepfake.corpora.files import is_image, is_video
from deepfake.corpora.notes import left_out
from deepfake.corpora.walk import DEAD_LINK, HIDDEN, NO_FILE, SECOND_NAME, UPWARDS, LeftOut, tree
from deepfake.errors import ConfigError
from deepfake.schema import IMAGE_SUFFIXES, VIDEO_SUFFIXES

log = logging.getLogger(__name__)
LIST = ".txt"  # suffix of a list of paths
CLOSED = "this user may not read it"
MISSING = "no such file"
_MEANT = (HIDDEN, SECOND_NAME, UPWARDS)  # reasons to leave an entry out that do not make it an unreadable file
_KINDS = ", ".join((*VIDEO_SUFFIXES, *IMAGE_SUFFIXES))


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to score.

    Attributes:
        path: the file.
        name: how people are told of it: its path inside the folder, if one folder was given, and its path otherwise.
        problem: why it cannot be opened, in a few words; empty if that has to be tried.
    """

    path: Path
    name: str
    problem: str = ""


def input_files(given: str | Path | Sequence[str | Path]) -> list[InputFile]:
    """Return the videos and images to score, each once, and log why other files are left out.

    Args:
        given: a file; a folder, which is searched with all folders below; a pattern such as `clips/*.mp4`, in which
            `**` stands for any folders; a text file (.txt) with a path a line, relative to the list's own folder; or
            several of these.

    Raises:
        ConfigError: something that was given does not exist, or there is nothing to score.
    """
    sources = [given] if isinstance(given, str | Path) else list(given)
    found: dict[str, InputFile] = {}
    notes: list[str] = []
    seconds = []
    for source in map(Path, sources):
        files = list(_of_source(source, notes))
        if not files and len(sources) > 1:
            notes.append(f"{source} holds no video or image")
        for file in files:
            first = found.setdefault(_place(file.path), file)
            if os.path.abspath(first.path) != os.path.abspath(file.path):
                seconds.append(LeftOut(file.path, SECOND_NAME, first.path))
    notes += left_out(seconds, Path())
    what = f"input={sources[0] if len(sources) == 1 else f'[{sources[0]}, ...]' if sources else '[]'}"
    if not found:
        raise ConfigError("; ".join([f"{what} holds no video or image ({_KINDS})", *notes]))
    for note in notes:
        log.warning(note)
    if len(sources) == 1 and os.path.isdir(sources[0]):
        return [InputFile(f.path, f.path.relative_to(sources[0]).as_posix(), f.problem) for f in found.values()]
    return list(found.values())


def look_into(source: Path) -> tuple[list[Path], list[str]]:
    """Return the videos and images in a folder and below, and notes on everything else that lies there."""
    files, left, notes = _inside(source)
    return files, [*left_out(left, source), *notes]


def _place(path: Path) -> str:
    """Return where a file really is, so that none is scored twice by two names."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.abspath(path)


def _of_source(source: Path, notes: list[str]) -> Iterator[InputFile]:
    """Yield the files that one word of the user means, and add notes on what is left out."""
    if source.is_dir():
        yield from _of_folder(source, notes)
    elif source.suffix.lower() == LIST and source.is_file():
        yield from _of_list(source, notes)
    elif os.path.lexists(source):
        yield _alone(source)
    elif glob.has_magic(str(source)):
        yield from _of_pattern(source, notes)
    else:
        raise ConfigError(
            f"input={source} does not exist: give a video file or a folder of them, an image, a pattern or a list"
        )


def _of_folder(folder: Path, notes: list[str]) -> Iterator[InputFile]:
    files, left, others = _inside(folder)
    meant = [each for each in left if each.reason in _MEANT or not _is_media(each.path.name)]
    notes += [*left_out(meant, folder), *others]
    problems = {each.path: each.reason for each in left if each not in meant}
    for path in sorted([*files, *problems]):
        yield InputFile(path, str(path), problems.get(path, ""))


def _of_list(source: Path, notes: list[str]) -> Iterator[InputFile]:
    """Yield what the lines of a list name; a line that names nothing is a file that cannot be read."""
    for line in source.read_bytes().splitlines():
        if line.strip():
            path = source.parent / os.fsdecode(line)
            if os.path.isdir(path):  # unlike Path.is_dir, False where a name is too long or its folder closed
                yield from _of_folder(path, notes)
            else:
                yield _alone(path)


def _of_pattern(pattern: Path, notes: list[str]) -> Iterator[InputFile]:
    found = [Path(match) for match in sorted(glob.glob(str(pattern), recursive=True))]
    for path in found:
        if path.is_dir() and "**" not in pattern.parts:
            yield from _of_folder(path, notes)
        elif not path.is_dir() and _is_media(path.name):
            yield _alone(path)
    notes += _others(path for path in found if not path.is_dir() and not _is_media(path.name))


def _alone(path: Path) -> InputFile:
    """Return a file that was named itself, with the reason why it cannot be opened, if there is one."""
    problem = ""
    try:
        os.stat(path)
        if not path.is_file():
            problem = NO_FILE
        elif not os.access(path, os.R_OK):
            problem = CLOSED
    except FileNotFoundError:
        problem = DEAD_LINK if path.is_symlink() else MISSING
    except (OSError, ValueError) as error:  # for example, a link to itself, or a name with a zero byte
        problem = f"it cannot be read ({getattr(error, 'strerror', None) or error})"
    return InputFile(path, str(path), problem)


def _inside(folder: Path) -> tuple[list[Path], list[LeftOut], list[str]]:
    """Return the videos and images in and below a folder, what else was left out, and notes on other files."""
    found = tree(folder)
    named = [path for path in found.files if _is_media(path.name)]
    files = [path for path in named if os.access(path, os.R_OK)]
    closed = [LeftOut(path, CLOSED) for path in sorted({*named}.difference(files))]
    others = _others(path for path in found.files if not _is_media(path.name))
    return files, [*found.left_out, *closed], others


def _others(paths: Iterable[Path]) -> list[str]:
    """Return a note on files that are neither videos nor images, if there are any."""
    others = Counter(path.suffix.lower() or "no suffix" for path in paths)
    kinds = ", ".join(f"{number} {suffix}" for suffix, number in others.most_common(5))
    return [f"not looked at: {others.total()} files without a video's or an image's suffix ({kinds})"] if others else []


def _is_media(name: str) -> bool:
    return is_video(name) or is_image(name)
