"""The DeepFake Detection Challenge's full set: ten-second clips of paid actors in fifty parts.

    [train/]dfdc_train_part_{0..49}/metadata.json     {"x.mp4": {"label": "FAKE", "original": "y.mp4", ...}, ...}
    [train/]dfdc_train_part_{0..49}/x.mp4
    test/labels.csv                                   filename,label (1 = fake)
    test/[videos/]x.mp4

The people are not identified, so splits are made of whole parts.

Source: Dolhansky et al., "The DeepFake Detection Challenge (DFDC) Dataset", 2020; https://ai.meta.com/datasets/dfdc.
Differs: the challenge's own `validation` folder is not used; val is some train parts, 45 to 49 by default, as in the
winning entry (https://github.com/selimsef/dfdc_deepfake_challenge).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from deepfake.corpora import Corpus, Count, Listing
from deepfake.corpora.files import require_folder, scan
from deepfake.corpora.lists import read_json, read_rows
from deepfake.corpora.notes import of_folders, require_videos
from deepfake.corpora.walk import subfolders
from deepfake.errors import CorpusError
from deepfake.names import as_id, quoted
from deepfake.options import typed, types_of
from deepfake.ranges import Amount, PathName
from deepfake.schema import Label, Split, Video

_LISTS = ("metadata.json", "labels.csv")
_PART = re.compile(r"dfdc_train_part_(\d+)")
_NUM_TRAIN = 119_154
_LABELS = {"REAL": Label.REAL, "FAKE": Label.FAKE, "0": Label.REAL, "1": Label.FAKE}


class _Folder(NamedTuple):
    """A folder of clips and its table: a clip's id -> its label and the id of the clip that it was made from."""

    name: str
    split: Split
    table: dict[str, tuple[Label, str]]


class DFDC(Corpus):
    """DFDC: train and val by part, test by the labels of the published test set.

    Args:
        root: the folder with `test` and the parts (or with `train`, which holds the parts).
        val_parts: numbers of the parts used as val; all others are train.
        protocol: only `official`, since the people are not published.
    """

    def __init__(
        self,
        root: PathName,
        val_parts: Sequence[Amount] = range(45, 50),
        protocol: Annotated[
            Literal["official"], Field(description="official, as dfdc does not say who is seen")
        ] = "official",
    ) -> None:
        typed("data", {"protocol": protocol, "val_parts": list(val_parts)}, types_of(DFDC))
        self._protocol = protocol
        self._val_parts = sorted(set(val_parts))
        self._root = require_folder(root, "data.root", "dfdc_train_part_0 and so on, and test")

    def listing(self) -> Listing:
        train, test = self._train_folders(), self._test_folder()
        folders = [*train, *test]
        scans = {folder.name: scan(self._root, folder.name) for folder in folders}
        kept = {folder.name: list(self._videos(folder, scans[folder.name].files)) for folder in folders}
        videos = [video for each in kept.values() for video in each]
        require_videos(videos, self._root, "dfdc_train_part_0/metadata.json and so on, or test/labels.csv")
        named = {video_id for folder in folders for video_id in folder.table}
        named |= {real_id for folder in folders for _, real_id in folder.table.values() if real_id}
        num_train = sum(len(folder.table) for folder in train)
        num_lists = sum((self._root / folder.name / name).is_file() for folder in folders for name in _LISTS)
        return Listing(
            tuple(videos),
            missing=tuple(sorted(named - {video.video_id for video in videos})),
            num_extra=sum(each.num_files for each in scans.values()) - num_lists - len(videos),
            notes=(*of_folders(self._root, list(scans.values())), *self._notes(train, test)),
            protocol=self._protocol,
            folders=tuple(Count(name, len(kept[name]), len(table)) for name, _, table in folders),
            lists=(
                Count("dfdc_train_part_*, metadata.json", num_train, _NUM_TRAIN),
                *(Count("test/labels.csv", len(folder.table), None) for folder in test),
            ),
        )

    def _train_folders(self) -> list[_Folder]:
        top = "train/" if (self._root / "train").is_dir() else ""
        names = [path.name for path in subfolders(self._root / top)]
        numbers = sorted(int(match[1]) for match in map(_PART.fullmatch, names) if match)
        return [
            _Folder(name, Split.VAL if number in self._val_parts else Split.TRAIN, self._metadata(name))
            for number in numbers
            for name in [f"{top}dfdc_train_part_{number}"]
        ]

    def _metadata(self, folder: str) -> dict[str, tuple[Label, str]]:
        path = self._root / folder / "metadata.json"
        cure = "it lies in the zip of its part: unpack it again"
        rows = read_json(path, cure)
        if not isinstance(rows, dict):
            raise CorpusError(f"{path} is malformed (it holds {quoted(rows)} instead of a table of clips); {cure}")
        table = {}
        for name, row in rows.items():
            label, original = (row.get("label"), row.get("original")) if isinstance(row, dict) else (None, None)
            if not (isinstance(label, str) and label in _LABELS and isinstance(original, str | None)):
                raise CorpusError(f"{path} is malformed ({quoted(name)} has {quoted(row)} without a label); {cure}")
            table[f"{folder}/{_id(name)}"] = _LABELS[label], f"{folder}/{_id(original)}" if original else ""
        return table

    def _test_folder(self) -> list[_Folder]:
        if not (self._root / "test").is_dir():
            return []
        name = "test/videos" if (self._root / "test" / "videos").is_dir() else "test"
        path = self._root / "test" / "labels.csv"
        cure = "it lies in the zip of the test set: unpack it again"
        table = {}
        for number, row in read_rows(path, ("filename", "label"), cure):
            if row["label"] not in _LABELS or not row["filename"]:
                raise CorpusError(
                    f"{path} line {number} is malformed (a label is 0 or 1, not {quoted(row['label'])}); {cure}"
                )
            table[f"{name}/{_id(row['filename'])}"] = _LABELS[row["label"]], ""
        return [_Folder(name, Split.TEST, table)]

    def _videos(self, folder: _Folder, files: Mapping[str, Path]) -> Iterator[Video]:
        for video_id, (label, real_id) in folder.table.items():
            if path := files.get(video_id):
                method = "real" if label == Label.REAL else "dfdc"  # which of the eight, is not published
                yield Video(video_id, path, label, folder.split, method, real_id=real_id)

    def _notes(self, train: list[_Folder], test: list[_Folder]) -> Iterator[str]:
        yield "dfdc does not say who is seen: one person may be in two splits"
        if train and Split.VAL not in {folder.split for folder in train}:
            yield f"none of the val parts {self._val_parts} is there; set data.val_parts to parts that are"
        if not test:
            yield f"{self._root / 'test'} is not there: nothing can be tested on this copy"


def _id(name: str) -> str:
    """Return a clip's id inside its folder, as `scan` makes it."""
    return as_id(Path(name).stem)
