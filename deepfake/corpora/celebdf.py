"""Celeb-DF v1 and v2: interviews of celebrities, and their faces swapped with one another's.

    Celeb-real/id{A}_{NNNN}.mp4              person A
    YouTube-real/{NNNNN}.mp4                 a person who is not identified
    Celeb-synthesis/id{A}_id{B}_{NNNN}.mp4   made from Celeb-real/id{A}_{NNNN}: A is the target, B's face is swapped in
    List_of_testing_videos.txt               lines of `<label> <path>`, in which **1 is real**

Source: Li et al., "Celeb-DF: A Large-scale Challenging Dataset for DeepFake Forensics", CVPR 2020;
https://github.com/yuezunli/celeb-deepfakeforensics.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from deepfake.corpora import Corpus, Count, Listing
from deepfake.corpora.audit import num_sharing, source_video
from deepfake.corpora.files import require_folder, scan
from deepfake.corpora.lists import read_text
from deepfake.corpora.notes import incomplete_lists, of_folders, require_videos
from deepfake.corpora.splits import IDENTITY_SHARES, VAL_SHARES, common_split, draw, share_out
from deepfake.errors import CorpusError
from deepfake.names import quoted
from deepfake.options import typed, types_of
from deepfake.ranges import PathName
from deepfake.schema import Label, Split, Video

LIST = "List_of_testing_videos.txt"

_NAMES = {
    "Celeb-real": re.compile(r"(?P<target>id\d+)_\d+"),
    "YouTube-real": re.compile(r"\d+"),
    "Celeb-synthesis": re.compile(r"(?P<target>id\d+)_(?P<source>id\d+)_(?P<number>\d+)"),
}
_LIST_LABELS = {"1": Label.REAL, "0": Label.FAKE}  # the reverse of the convention everywhere else


@dataclass(frozen=True, slots=True)
class _Release:
    videos: Mapping[str, int]
    num_people: int
    listed: Mapping[Label, int | None]  # None if the publication does not say


_RELEASES = {
    "v1": _Release(
        {"Celeb-real": 158, "YouTube-real": 250, "Celeb-synthesis": 795},
        13,
        {Label.REAL: None, Label.FAKE: None},
    ),
    "v2": _Release(
        {"Celeb-real": 590, "YouTube-real": 300, "Celeb-synthesis": 5639},
        59,
        {Label.REAL: 178, Label.FAKE: 340},
    ),
}


class CelebDF(Corpus):
    """Celeb-DF v2 or v1.

    Under `source_disjoint` and `published`, the published list is test as a whole, and val is taken from the rest by
    people. The two differ in those of the rest that share their source video with a test video: 234 of the 340 listed
    fakes were made from a real video that the list leaves for training. `source_disjoint` puts them in no split;
    `published` trains on them, as papers do, so its test shows known scenes.

    Args:
        root: the folder with the three folders and the list.
        protocol: `source_disjoint` (`official` is the same), `published` or `identity`.
        release: `v2` or `v1`.
    """

    def __init__(
        self,
        root: PathName,
        protocol: Literal["source_disjoint", "official", "published", "identity"] = "source_disjoint",
        release: Literal["v2", "v1"] = "v2",
    ) -> None:
        typed("data", {"protocol": protocol}, types_of(CelebDF))
        typed("data.corpus", {"release": release}, types_of(CelebDF))
        self._release = _RELEASES[release]
        self._protocol = "source_disjoint" if protocol == "official" else protocol  # as it is called in other corpora
        self._root = require_folder(root, "data.root", f"{', '.join(_NAMES)} and {LIST}")

    def listing(self) -> Listing:
        listed = self._read_list()
        scans = [scan(self._root, folder) for folder in _NAMES]
        found = [self._video(video_id, path) for each in scans for video_id, path in each.files.items()]
        present = [video for video in found if video is not None]
        require_videos(present, self._root, f"{', '.join(_NAMES)} as they were downloaded")
        videos = self._split(present, listed)
        ids = {video.video_id for video in videos}
        implied = {video.real_id for video in videos if video.real_id}
        counts = [
            Count(each.folder, sum(v.video_id.startswith(f"{each.folder}/") for v in videos), published)
            for each, published in zip(scans, self._release.videos.values(), strict=True)
        ]
        lists = tuple(
            Count(f"{LIST}, {label.name.lower()}", sum(v.label == label for v in listed.values()), published)
            for label, published in self._release.listed.items()
        )
        return Listing(
            videos,
            missing=tuple(sorted((listed.keys() | implied) - ids)),
            num_extra=sum(each.num_files for each in scans) - len(videos),
            notes=(*of_folders(self._root, scans), *incomplete_lists(lists), *self._notes(videos, listed)),
            protocol=self._protocol,
            folders=tuple(counts),
            lists=lists,
        )

    def _split(self, present: list[Video], listed: Mapping[str, Video]) -> tuple[Video, ...]:
        # The swap graph comes from the list, so a video that is missing on disk does not move any other one.
        pairs = [(v.target_id, v.source_id or v.target_id) for v in listed.values() if v.target_id]
        shares = IDENTITY_SHARES if self._protocol == "identity" else VAL_SHARES
        split_of = share_out(pairs, shares)
        tested = {source_video(video) for video in listed.values()}

        def split(video: Video) -> Split | None:
            if self._protocol != "identity" and video.video_id in listed:
                return Split.TEST
            if self._protocol == "source_disjoint" and source_video(video) in tested:
                return None
            if not video.identities:
                return draw(video.video_id, shares)
            if self._protocol == "published":  # by target alone, so that none is dropped and fakes follow their reals
                return split_of.get(video.target_id, Split.TRAIN)
            return common_split(video, split_of)

        return tuple(replace(video, split=split(video)) for video in present)

    def _read_list(self) -> dict[str, Video]:
        path = self._root / LIST
        text = read_text(path, "it belongs to the download of Celeb-DF: copy it there")
        listed = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            label, _, name = line.strip().partition(" ")
            video = self._video(name.strip().rpartition(".")[0], self._root / name.strip())
            if video is None or _LIST_LABELS.get(label) != video.label:
                raise CorpusError(
                    f"{path} line {number} is {quoted(line)}, not `1 <real video>` or `0 <fake video>`; use the "
                    "published one"
                )
            listed[video.video_id] = video
        return listed

    def _video(self, video_id: str, path: Path) -> Video | None:
        folder, _, stem = video_id.rpartition("/")
        name = _NAMES[folder].fullmatch(stem) if folder in _NAMES else None
        if name is None:
            return None
        people = name.groupdict()
        target, source = people.get("target", ""), people.get("source", "")
        if not source:
            return Video(video_id, path, Label.REAL, target_id=target)
        real_id = f"Celeb-real/{target}_{people['number']}"
        return Video(video_id, path, Label.FAKE, None, folder, target, source, real_id)

    def _notes(self, videos: tuple[Video, ...], listed: Mapping[str, Video]) -> list[str]:
        num_dropped = sum(video.split is None for video in videos)
        if self._protocol == "identity":
            return [f"identity protocol: {num_dropped} videos of two people in different splits are in no split"]
        people = {person for video in listed.values() for person in video.identities}
        who = (
            f"the published test list is not identity-disjoint: {len(people)} of the {self._release.num_people} people "
            "are in it (data.protocol=identity separates them)"
        )
        if self._protocol == "source_disjoint":
            return [
                who,
                f"{num_dropped} videos are in no split: they share their source video with a test video, or mix people "
                "of train and val (data.protocol=published trains on them)",
            ]
        shared = ", ".join(f"{number} of {split}" for split, number in num_sharing(videos).items())
        return [
            who,
            f"protocol published, sources shared with test: {shared or 'none'}; these videos show scenes of the test, "
            "so its numbers are higher than on unseen ones (data.protocol=source_disjoint leaves them out)",
        ]
