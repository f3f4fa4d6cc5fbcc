"""The journal of predictions: a line for every file as soon as it is judged, so that a run that is killed goes on.

    predictions.jsonl    first what decides the results, then a line a file; of several lines of a file the last counts

A line is on the disk before the next file is judged; one that a kill cut off is removed when the journal is opened.
The results of other journals, as shards write them, are taken over line by line; those journals are only read.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from deepfake.atomic import write_atomic
from deepfake.errors import ConfigError
from deepfake.names import as_path, shown
from deepfake.schema import Status
from deepfake.store import facts
from deepfake.verdict.result import SCHEMA_VERSION, FileResult, as_plain, from_plain

NAME = "predictions.jsonl"
ANEW = "give another output=, or overwrite=true to start anew"
_LEAVE_OUT = "leave it out of merge="


class _Line(NamedTuple):
    """Where a file's line is, and what is known of the file."""

    offset: int
    source: dict[str, Any]
    failed: bool

    @property
    def done(self) -> bool:
        """Whether this is the result of the file as it is now, and neither machine nor program failed."""
        return not self.failed and self.source == facts(Path(as_path(self.source["path"])))


class Other(NamedTuple):
    """A journal whose results are to be taken over.

    Attributes:
        path: the file.
        lines: its last line of each file.
    """

    path: Path
    lines: dict[str, _Line]


class Taken(NamedTuple):
    """What was taken over from other journals.

    Attributes:
        new: results that were not here.
        several: files of which several of the journals had a result.
        replaced: the files, as `facts` has their paths, whose result here was of an earlier state or had failed.
    """

    new: int
    several: int
    replaced: tuple[str, ...] = ()


def others_below(folders: Sequence[Path], output: Path, identity: Mapping[str, Any]) -> list[Other]:
    """Return the journals that lie in and below some folders, in their order, but for the one of the output.

    Args:
        folders: where to look.
        output: folder of the output.
        identity: what decides the results, which is to be the same in all.

    Raises:
        ConfigError: a folder holds no journal, or one that was made otherwise or is damaged.
    """
    found: dict[Path, None] = {}
    for folder in folders:
        below = sorted(folder.resolve().rglob(NAME))
        if not below:
            raise ConfigError(f"merge={shown(folder)} holds no {NAME}, which scripts/predict.py writes: {_LEAVE_OUT}")
        found |= dict.fromkeys(below)
    found.pop((output / NAME).resolve(), None)
    if not found:
        raise ConfigError(f"merge={shown(folders[0])} holds no results but those of output=: leave it out")
    plain = json.loads(json.dumps(identity))
    return [Other(path, _read(path, plain, _LEAVE_OUT)[0]) for path in found]


class Journal:
    """The journal of one output folder; it is made if there is none.

    Args:
        folder: the folder, which exists.
        identity: what decides the results, as plain data.
        overwrite: whether a journal that is there is deleted.

    Raises:
        ConfigError: the journal that is there was made with another checkpoint or other options, or is none.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], *, overwrite: bool = False) -> None:
        self.path = folder / NAME
        self.identity: dict[str, Any] = json.loads(json.dumps(identity))
        self._lines: dict[str, _Line] = {}
        if overwrite or not self.path.exists():
            header = {"schema_version": SCHEMA_VERSION, "identity": self.identity}
            write_atomic(self.path, _encoded(header))
        else:
            self._lines, end = _read(self.path, self.identity, ANEW)
            if end < self.path.stat().st_size:  # there is a last line that is not whole
                os.truncate(self.path, end)

    def is_done(self, path: Path) -> bool:
        """Whether a file has its result; one that has changed, or that failed through no fault of its own, has not."""
        line = self._lines.get(facts(path)["path"])
        return line is not None and line.done

    def has(self, path: Path) -> bool:
        """Whether a file has a result, whatever became of the file."""
        return facts(path)["path"] in self._lines

    def append(self, result: FileResult, source: Mapping[str, Any], *, again: bool = False) -> None:
        """Add a file's result, and return when it is on the disk.

        Args:
            result: the file's result.
            source: `deepfake.store.facts` of the file, taken before it was read.
            again: whether the file is not done, as it could not be opened for a reason that is none of its content.

        Raises:
            OSError: the disk is full or read-only; the journal ends with the line before this one.
        """
        line = _encoded({"source": dict(source), "again": again, "result": as_plain(result)})
        with self.path.open("ab", buffering=0) as file:  # with a buffer, closing would write what did not fit before
            offset = self._add(file, line, at_once=True)
        self._lines[source["path"]] = _Line(offset, dict(source), again or result.status == Status.FAILED)

    def take(self, others: Sequence[Other]) -> Taken:
        """Take over the results of other journals, and return when they are on the disk.

        Of several results of a file, those here before all others, the first that is of the file as it is now counts;
        if none is, the first.

        Args:
            others: as `others_below` returns them, in their order.

        Raises:
            OSError: the disk is full or read-only, or one of them cannot be read.
        """
        before, found, times = {*self._lines}, dict[str, None](), Counter[str]()
        with self.path.open("ab", buffering=0) as file:
            for other in others:
                with other.path.open("rb") as source:
                    for name, line in other.lines.items():
                        times[name] += 1
                        mine = self._lines.get(name)
                        if mine is not None and (mine.done or not line.done):
                            continue
                        source.seek(line.offset)
                        self._lines[name] = line._replace(offset=self._add(file, source.readline(), at_once=False))
                        found[name] = None
            os.fsync(file.fileno())
        replaced = tuple(name for name in found if name in before)
        return Taken(len(found) - len(replaced), sum(number > 1 for number in times.values()), replaced)

    def results(self, paths: Iterable[Path]) -> Iterator[FileResult]:
        """Yield the result of each of these files that has one, in their order."""
        yield from self._at(filter(None, (self._lines.get(facts(path)["path"]) for path in paths)))

    def others(self, paths: Iterable[Path]) -> list[str]:
        """Return the names of all other files that have a result, in the order in which they were first judged."""
        these = {facts(path)["path"] for path in paths}
        return [name for name in self._lines if name not in these]

    def named(self, names: Iterable[str]) -> Iterator[FileResult]:
        """Yield the results of files by the names that `others` returns."""
        return self._at(self._lines[name] for name in names)

    def _add(self, file: FileIO, line: bytes, *, at_once: bool) -> int:
        """Add a line to the open journal, whole or not at all, and return where it is."""
        offset = file.tell()
        try:
            while line:
                line = line[file.write(line) :]
            if at_once:
                os.fsync(file.fileno())
        except OSError as error:
            os.truncate(self.path, offset)
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        return offset

    def _at(self, lines: Iterable[_Line]) -> Iterator[FileResult]:
        with self.path.open("rb") as file:
            for line in lines:
                file.seek(line.offset)
                yield from_plain(json.loads(file.readline())["result"])


def _read(path: Path, identity: Mapping[str, Any], cure: str) -> tuple[dict[str, _Line], int]:
    """Return where the last line of each file is, and the end of the last line that is whole.

    Args:
        path: the journal.
        identity: what its results are to be decided by.
        cure: what to do about a journal that is no such one.

    Raises:
        ConfigError: the file was made otherwise, or is no journal.
    """
    lines: dict[str, _Line] = {}
    with path.open("rb") as file:
        try:
            _compare(path, json.loads(file.readline()), identity, cure)
            end = file.tell()
            while (line := file.readline()).endswith(b"\n"):
                found = json.loads(line)
                failed = found.get("again", False) or found["result"]["status"] == Status.FAILED
                lines[found["source"]["path"]] = _Line(end, found["source"], failed)
                end = file.tell()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"{path} is no journal of predictions, or is damaged: {cure}") from error
    return lines, end


def _compare(path: Path, header: Mapping[str, Any], identity: Mapping[str, Any], cure: str) -> None:
    if header["schema_version"] != SCHEMA_VERSION:
        raise ConfigError(f"{path} was written by another version of this project: {cure}")
    there = header["identity"]
    if there != identity:
        of, others = identity.get("checkpoint"), there.get("checkpoint")
        what = _difference("identity", identity, there)
        if _short(of) != _short(others) and dict in (type(of), type(others)):  # then all else differs as well
            what = f"checkpoint is {_short(of)}, there {_short(others)}"
        raise ConfigError(f"{path} has predictions of another detector or with other options ({what}): {cure}")


def _difference(name: str, here: Any, there: Any) -> str:
    """Name what differs.

    Example:
        >>> _difference("rule", {"tracks": "all", "aggregate": "mean"}, {"tracks": "main", "aggregate": "mean"})
        'tracks is all, there main'
    """
    if not isinstance(here, dict) or not isinstance(there, dict):
        return f"{name} is {_short(here)}, there {_short(there)}"
    names = sorted(key for key in {**here, **there} if here.get(key) != there.get(key))
    return ", ".join(_difference(key, here.get(key), there.get(key)) for key in names)


def _short(value: Any) -> str:
    """Return a value in a few letters; of what several detectors have, their names."""
    return ", ".join(map(shown, value)) if isinstance(value, dict) else str(value)[:12]


def _encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
