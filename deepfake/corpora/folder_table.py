"""Read a folder tree or CSV of the user's own videos, before they have ids and assigned splits."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from deepfake.corpora.files import is_video
from deepfake.corpora.lists import read_rows
from deepfake.corpora.walk import SECOND_NAME, LeftOut, real_places, second_names, subfolders, tree
from deepfake.errors import CorpusError
from deepfake.names import as_id, as_path, as_text, quoted
from deepfake.schema import Label, Split

LABELS = {"real": Label.REAL, "fake": Label.FAKE}


class Row(NamedTuple):
    """A video and its name inside the corpus: a POSIX path with suffix, as `names.as_id` writes it."""

    name: str
    path: Path
    label: Label
    split: Split | None = None
    group: str = ""
    method: str = "real"


class Table(NamedTuple):
    """The content of a tree or CSV.

    Attributes:
        rows: one for each video; from a CSV, also those whose file is missing.
        named: the splits that the tree or the CSV names, whether or not they hold a video.
        num_files: files of any kind; for a CSV, the files that it names.
        left_out: entries that are ignored.
    """

    rows: list[Row]
    named: frozenset[Split]
    num_files: int
    left_out: Sequence[LeftOut]


def read_tree(root: Path) -> Table:
    """Read `real` and `fake`, or `train`, `val` and `test` with these inside.

    Raises:
        CorpusError: the folder has neither layout, or both.
    """
    there = subfolders(root)
    tops: list[tuple[Path, Split | None]] = [(root / split, split) for split in Split if root / split in there]
    named = frozenset(split for _, split in tops if split)
    classes = [
        (folder, LABELS[folder.name.lower()], split)
        for top, split in [*tops, (root, None)]
        for folder in subfolders(top)
        if folder.name.lower() in LABELS
    ]
    if not classes:
        raise CorpusError(f"{root} has no real/ or fake/, nor train|val|test/ with them; sort the videos into these")
    if named and any(split is None for _, _, split in classes):
        raise CorpusError(f"{root} has real/ or fake/ beside and below train|val|test/; keep one of the two layouts")
    found = tree(*(folder for folder, _, _ in classes))
    rows = []
    for path in (path for path in found.files if is_video(path.name)):
        folder, label, split = next(each for each in classes if str(path).startswith(f"{each[0]}{os.sep}"))
        inner = path.relative_to(folder).parts
        method = "real" if label == Label.REAL else as_text(inner[0]) if len(inner) > 1 else "fake"
        rows.append(Row(as_id(path.relative_to(root).as_posix()), path, label, split, method=method))
    return Table(rows, named, len(found.files), found.left_out)


def read_csv(path: Path) -> Table:
    """Read a CSV with the columns `path,label[,split][,group][,method]`.

    Raises:
        CorpusError: the file is malformed, or names a video twice.
    """
    rows: dict[str, Row] = {}
    cure = "a CSV of videos has the columns path,label and may have split,group,method"
    for number, cells in read_rows(path, ("path", "label"), cure):
        row = _row(path, cells, number)
        if row.name in rows:
            raise CorpusError(f"{path} line {number} names {row.name} a second time; keep one of the lines")
        rows[row.name] = row
    named = frozenset(row.split for row in rows.values() if row.split)
    if unnamed := [row.name for row in rows.values() if named and not row.split]:
        raise CorpusError(f"{path} gives {unnamed[0]} no split, but others; fill the column or leave it out")
    there = [row.path for row in rows.values() if os.path.isfile(row.path)]
    seconds = second_names(real_places(there))
    _require_agreement(path, seconds, rows.values())
    left_out = [LeftOut(second, SECOND_NAME, first) for second, first in seconds.items()]
    return Table([row for row in rows.values() if row.path not in seconds], named, len(there), left_out)


def ids(names: Sequence[str]) -> list[str]:
    """Return an id for each name: the name without suffix, unless that would clash.

    `a.mp4` and `a.avi` keep their suffix; so does `a.mp4` beside `a/b.mp4`, because a face store nests folders by id.

    Example:
        >>> ids(["a.mp4", "b.mp4", "b.avi", "c.mp4", "c/d.mp4"])
        ['a', 'b.mp4', 'b.avi', 'c.mp4', 'c/d']
    """
    whole = [name.lstrip("/") for name in names]
    found = [os.path.splitext(name)[0] for name in whole]
    while True:
        taken = Counter(found)
        folders = {str(parent) for id_ in taken for parent in PurePosixPath(id_).parents}
        clashes = [i for i, id_ in enumerate(found) if id_ != whole[i] and (taken[id_] > 1 or id_ in folders)]
        if not clashes:
            return found
        for i in clashes:
            found[i] = whole[i]


def _row(path: Path, cells: Mapping[str, str], number: int) -> Row:
    label, split = cells["label"].lower(), cells.get("split", "").lower()
    if not cells["path"] or label not in LABELS or split not in ("", *Split):
        raise CorpusError(
            f"{path} line {number} has path {quoted(cells['path'])}, label {quoted(label)}, split {quoted(split)}; "
            "a label is real or fake (no numbers: conventions differ), a split is train, val, test or empty"
        )
    file = path.parent / cells["path"]
    if not os.path.isfile(file):  # our own tables escape names that are not valid text
        escaped = path.parent / as_path(cells["path"])
        file = escaped if os.path.isfile(escaped) else file
    name = os.path.relpath(file, path.parent)
    if name.startswith(".."):  # outside the CSV's folder: the id must not lead out of the face store
        name = os.path.abspath(file)
    method = "real" if label == "real" else cells.get("method") or "fake"
    chosen = Split(split) if split else None
    return Row(as_id(Path(name).as_posix()), path.parent / name, LABELS[label], chosen, cells.get("group", ""), method)


def _require_agreement(path: Path, seconds: Mapping[Path, Path], rows: Iterable[Row]) -> None:
    facts = {row.path: (row.name, row.label, row.split, row.group) for row in rows} if seconds else {}
    for second, first in seconds.items():
        (name, *facts_of_second), (other, *facts_of_first) = facts[second], facts[first]
        if facts_of_second != facts_of_first:
            raise CorpusError(
                f"{path} names one file twice, as {other} and through a link as {name}, with another label, split or "
                "group; keep one of the lines"
            )
