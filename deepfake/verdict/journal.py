"""The journal of predictions: a line for every file as soon as it is judged, so that a run that is killed goes on.

    predictions.jsonl    first what decides the results, then a line a file; of several lines of a file the last counts

A line is on the disk before the next file is judged; one that a kill cut off is removed when the journal is opened.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deepfake.atomic import write_atomic
from deepfake.errors import ConfigError
from deepfake.names import shown
from deepfake.schema import Status
from deepfake.store import facts
from deepfake.verdict.result import SCHEMA_VERSION, FileResult, as_plain, from_plain

NAME = "predictions.jsonl"
ANEW = "give another output=, or overwrite=true to start anew"


class _Line(NamedTuple):
    """Where a file's line is, and what is known of the file."""

    offset: int
    source: dict[str, Any]
    failed: bool


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
            self._read()

    def is_done(self, path: Path) -> bool:
        """Whether a file has its result; one that has changed, or that failed through no fault of its own, has not."""
        now = facts(path)
        line = self._lines.get(now["path"])
        return line is not None and not line.failed and line.source == now

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
            offset = file.tell()
            try:
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except OSError as error:
                os.truncate(self.path, offset)
                raise OSError(error.errno, error.strerror, str(self.path)) from error
        self._lines[source["path"]] = _Line(offset, dict(source), again or result.status == Status.FAILED)

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

    def _at(self, lines: Iterable[_Line]) -> Iterator[FileResult]:
        with self.path.open("rb") as file:
            for line in lines:
                file.seek(line.offset)
                yield from_plain(json.loads(file.readline())["result"])

    def _read(self) -> None:
        """Read where the lines are, and cut off a last one that is not whole.

        Raises:
            ConfigError: the file was made otherwise, or is no journal.
        """
        with self.path.open("rb") as file:
            try:
                self._compare(json.loads(file.readline()))
                end = file.tell()
                while (line := file.readline()).endswith(b"\n"):
                    found = json.loads(line)
                    failed = found.get("again", False) or found["result"]["status"] == Status.FAILED
                    self._lines[found["source"]["path"]] = _Line(end, found["source"], failed)
                    end = file.tell()
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ConfigError(f"{self.path} is no journal of predictions, or is damaged: {ANEW}") from error
        if line:
            os.truncate(self.path, end)

    def _compare(self, header: Mapping[str, Any]) -> None:
        if header["schema_version"] != SCHEMA_VERSION:
            raise ConfigError(f"{self.path} was written by another version of this project: {ANEW}")
        there = header["identity"]
        if there != self.identity:
            of, others = self.identity.get("checkpoint"), there.get("checkpoint")
            what = _difference("identity", self.identity, there)
            if _short(of) != _short(others) and dict in (type(of), type(others)):  # then all else differs as well
                what = f"checkpoint is {_short(of)}, there {_short(others)}"
            raise ConfigError(f"{self.path} has predictions of another detector or with other options ({what}): {ANEW}")


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
