"""Videos of your own: a tree, or a CSV.

    real/...  fake/...                                            split by a hash of the path
    train/{real,fake}/...  val/{real,fake}/...  test/{real,fake}/...        any of the three; without val, it is carved
                                                                  from train
    videos.csv: path,label[,split][,group][,method]               paths relative to the CSV; label real|fake

A folder below `fake` names the method (`fake/roop/a.mp4`). Only `group` (a person, a scene, a source) keeps videos
together: those of one group are never in two splits.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from deepfake.corpora.corpus import Corpus, Count, Listing
from deepfake.corpora.files import is_video, read_text, require_choices, tree
from deepfake.corpora.notes import require_videos
from deepfake.corpora.splits import IDENTITY_SHARES, PROTOCOLS, VAL_SHARES, draw, share_out
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split, Video

_LABELS = {"real": Label.REAL, "fake": Label.FAKE}


class _Row(NamedTuple):
    """A video by its name inside the corpus (POSIX, with suffix), before it has an id."""

    name: str
    label: Label
    split: Split | None = None
    group: str = ""
    method: str = "real"


class _Table(NamedTuple):
    """All that was read; `named` are the splits that the tree or the CSV knows, whether or not they hold a video."""

    base: Path
    rows: list[_Row]
    named: frozenset[Split]
    num_files: int


class Folder(Corpus):
    """A tree with `real` and `fake`, or a CSV.

    Under `official` the splits that the tree or the CSV names hold; what has none is drawn by group, and without a
    group by name. Under `identity` named splits are ignored, and every video must have a group.

    Args:
        root: the folder, or the CSV file.
        protocol: `official` or `identity`.
        name: the corpus's name, which also names its face store.
    """

    def __init__(self, root: str | Path, protocol: str = "official", name: str = "folder") -> None:
        self.name = name
        (self._protocol,) = require_choices("data.protocol", [protocol], PROTOCOLS)
        self._root = Path(root).expanduser()
        if not self._root.exists():
            raise CorpusError(f"{root} does not exist; set data.root to a folder with real/ and fake/, or to a CSV")

    def listing(self) -> Listing:
        table = _read_csv(self._root) if self._root.is_file() else _read_tree(self._root)
        split_of = self._splits(table)
        videos = [
            Video(self.name, video_id, table.base / row.name, row.label, split_of[row.name], row.method, row.group)
            for row, video_id in zip(table.rows, _ids([row.name for row in table.rows]), strict=True)
            if (table.base / row.name).is_file()
        ]
        require_videos(videos, self._root, "real/ and fake/ with videos, or be a CSV that names some")
        present = {video.path for video in videos}
        labels = Counter(row.label.name.lower() for row in table.rows)
        return Listing(
            tuple(sorted(videos, key=lambda video: video.video_id)),
            missing=tuple(sorted(row.name for row in table.rows if table.base / row.name not in present)),
            num_extra=table.num_files - len(videos),
            notes=tuple(self._notes(table)),
            protocol=self._protocol,
            folders=tuple(
                Count(name, sum(v.label == label for v in videos), labels[name]) for name, label in _LABELS.items()
            ),
        )

    def _splits(self, table: _Table) -> dict[str, Split]:
        """Name -> split. A drawn split depends on the name or the group alone, or on the groups that the CSV lists."""
        is_grouped = all(row.group for row in table.rows)
        if self._protocol == "identity" and not is_grouped:
            raise CorpusError(f"{self._root} does not say who is seen; give a CSV with the person in a column `group`")
        shares = IDENTITY_SHARES
        named = table.named if self._protocol == "official" else frozenset()
        if named:
            shares = VAL_SHARES if Split.VAL not in named else {Split.TRAIN: 1.0}
        open_rows = [row for row in table.rows if not named or row.split == Split.TRAIN]
        groups = share_out([(row.group, row.group) for row in open_rows if row.group], shares)
        drawn = {row.name: groups.get(row.group) or draw(row.name, shares) for row in open_rows}
        return {row.name: row.split for row in table.rows if row.split} | drawn

    def _notes(self, table: _Table) -> Iterator[str]:
        if not all(row.group for row in table.rows):
            yield "not every video has a group: one person may be in two splits (a column `group` in a CSV prevents it)"
        for name, label in _LABELS.items():
            if label not in {row.label for row in table.rows}:
                yield f"{self._root} has no {name} video"


def _read_tree(root: Path) -> _Table:
    tops: list[tuple[Path, Split | None]] = [(root / split, split) for split in Split if (root / split).is_dir()]
    named = frozenset(split for _, split in tops if split)
    classes = [
        (folder, _LABELS[folder.name.lower()], split)
        for top, split in [*tops, (root, None)]
        for folder in sorted(top.iterdir())
        if folder.is_dir() and folder.name.lower() in _LABELS
    ]
    if not classes:
        raise CorpusError(f"{root} has no real/ or fake/, nor train|val|test/ with them; sort the videos into these")
    if named and any(split is None for _, _, split in classes):
        raise CorpusError(f"{root} has real/ or fake/ beside and below train|val|test/; keep one of the two layouts")
    rows, num_files = [], 0
    for folder, label, split in classes:
        paths = tree(folder)
        num_files += len(paths)
        for path in filter(lambda path: is_video(path.name), paths):
            inner = path.relative_to(folder).parts
            method = "real" if label == Label.REAL else inner[0] if len(inner) > 1 else "fake"
            rows.append(_Row(path.relative_to(root).as_posix(), label, split, method=method))
    return _Table(root, rows, named, num_files)


def _read_csv(path: Path) -> _Table:
    lines = csv.DictReader(read_text(path, "set data.root to a CSV").splitlines())
    if missing := {"path", "label"} - set(lines.fieldnames or ()):
        raise CorpusError(f"{path} has no column {min(missing)}; it needs path,label and may have split,group,method")
    rows: dict[str, _Row] = {}
    for line in lines:
        row = _csv_row(path, line, lines.line_num)
        if row.name in rows:
            raise CorpusError(f"{path} line {lines.line_num} names {row.name} a second time; keep one of the lines")
        rows[row.name] = row
    named = frozenset(row.split for row in rows.values() if row.split)
    if unnamed := [row.name for row in rows.values() if named and not row.split]:
        raise CorpusError(f"{path} gives {unnamed[0]} no split, but others; fill the column or leave it out")
    return _Table(path.parent, list(rows.values()), named, sum((path.parent / name).is_file() for name in rows))


def _csv_row(path: Path, line: Mapping[str, str | None], number: int) -> _Row:
    values = {column: (value or "").strip() for column, value in line.items() if column}
    label, split = values["label"].lower(), values.get("split", "").lower()
    if not values["path"] or label not in _LABELS or split not in ("", *Split):
        raise CorpusError(
            f"{path} line {number} has path {values['path']!r}, label {label!r}, split {split!r}; "
            "a label is real or fake (no numbers: conventions differ), a split is train, val, test or empty"
        )
    name = os.path.relpath(path.parent / values["path"], path.parent)
    if name.startswith(".."):  # outside: the id must not lead out of the face store
        name = os.path.abspath(path.parent / values["path"])
    method = "real" if label == "real" else values.get("method") or "fake"
    return _Row(Path(name).as_posix(), _LABELS[label], Split(split) if split else None, values.get("group", ""), method)


def _ids(names: Sequence[str]) -> list[str]:
    """An id for each name: the name without suffix, unless another video needs that.

    `a.mp4` and `a.avi` both keep theirs; so does `a.mp4` beside `a/b.mp4`, because a face store nests folders by id.

        _ids(["a.mp4", "b.mp4", "b.avi", "c.mp4", "c/d.mp4"]) -> ["a", "b.mp4", "b.avi", "c.mp4", "c/d"]
    """
    whole = [name.lstrip("/") for name in names]
    ids = [os.path.splitext(name)[0] for name in whole]
    while True:
        taken = Counter(ids)
        folders = {str(parent) for id_ in taken for parent in PurePosixPath(id_).parents}
        clashes = [i for i, id_ in enumerate(ids) if id_ != whole[i] and (taken[id_] > 1 or id_ in folders)]
        if not clashes:
            return ids
        for i in clashes:
            ids[i] = whole[i]
