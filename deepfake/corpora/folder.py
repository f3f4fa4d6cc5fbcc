"""Your own videos, as a folder tree or a CSV.

    real/...  fake/...                                            split by the order of a hash of their names
    train/{real,fake}/...  val/{real,fake}/...  test/{real,fake}/...        any of the three; without val, it is taken
                                                                  from train
    videos.csv: path,label[,split][,group][,method]               paths relative to the CSV; label is real or fake

A folder below `fake` names the method (`fake/roop/a.mp4`). Only `group` (a person, a scene, a source) keeps videos
together: a group is never in two splits.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from deepfake.corpora import Corpus, Count, Listing
from deepfake.corpora.folder_table import LABELS, Table, ids, read_csv, read_tree
from deepfake.corpora.notes import left_out, require_videos, small_classes
from deepfake.corpora.splits import IDENTITY_SHARES, VAL_SHARES, Protocol, divide, share_out
from deepfake.errors import CorpusError
from deepfake.options import typed, types_of
from deepfake.ranges import PathName
from deepfake.schema import Split, Video


class Folder(Corpus):
    """A folder tree with `real` and `fake`, or a CSV.

    Under `official`, splits that the tree or the CSV gives are kept. Videos without a split are divided by group, or
    by name if they have no group, reals and fakes each in the shares of the splits. Under `identity`, given splits are
    ignored and every video must have a group.

    Args:
        root: the folder, or the CSV file.
        protocol: `official` or `identity`.
    """

    def __init__(self, root: PathName, protocol: Protocol = "official") -> None:
        typed("data", {"protocol": protocol}, types_of(Folder))
        self._protocol = protocol
        self._root = Path(root).expanduser()
        if not self._root.exists():
            raise CorpusError(f"{root} does not exist; set data.root to a folder with real/ and fake/, or to a CSV")

    def listing(self) -> Listing:
        root = Path(os.path.abspath(self._root))  # a decoder would take a relative `a:b.mp4` for a URL
        table = read_csv(root) if root.is_file() else read_tree(root)
        split_of = self._splits(table)
        videos = [
            Video(video_id, row.path, row.label, split_of[row.name], row.method, row.group)
            for row, video_id in zip(table.rows, ids([row.name for row in table.rows]), strict=True)
            if os.path.isfile(row.path)
        ]
        require_videos(videos, self._root, "real/ and fake/ with videos, or be a CSV that names some", table.left_out)
        present = {video.path for video in videos}
        labels = Counter(row.label.name.lower() for row in table.rows)
        return Listing(
            tuple(videos),
            missing=tuple(sorted(row.name for row in table.rows if row.path not in present)),
            num_extra=table.num_files - len(videos),
            notes=(
                *self._notes(table),
                *small_classes(videos),
                *left_out(table.left_out, root.parent if root.is_file() else root),
            ),
            protocol=self._protocol,
            folders=tuple(
                Count(name, sum(v.label == label for v in videos), labels[name]) for name, label in LABELS.items()
            ),
        )

    def _splits(self, table: Table) -> dict[str, Split]:
        """Return each name's split. Splits are assigned from the names and groups in the tree or CSV alone."""
        is_grouped = all(row.group for row in table.rows)
        if self._protocol == "identity" and not is_grouped:
            raise CorpusError(f"{self._root} does not say who is seen; give a CSV with the person in a column `group`")
        shares = IDENTITY_SHARES
        named = table.named if self._protocol == "official" else frozenset()
        if named:
            shares = VAL_SHARES if Split.VAL not in named else {Split.TRAIN: 1.0}
        drawn: dict[str, Split] = {}
        open_rows = [row for row in table.rows if not named or row.split == Split.TRAIN]
        groups = share_out([(row.group, row.group) for row in open_rows if row.group], shares)
        for label in LABELS.values():
            drawn |= divide([row.name for row in open_rows if row.label == label and not row.group], shares)
        drawn |= {row.name: groups[row.group] for row in open_rows if row.group}
        return {row.name: row.split for row in table.rows if row.split} | drawn

    def _notes(self, table: Table) -> Iterator[str]:
        if not all(row.group for row in table.rows):
            yield "not every video has a group: one person may be in two splits (a column `group` in a CSV prevents it)"
        for name, label in LABELS.items():
            if label not in {row.label for row in table.rows}:
                yield f"{self._root} has no {name} video"
