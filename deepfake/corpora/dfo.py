"""DeeperForensics-1.0: one hundred actors' faces on the thousand sequences of FaceForensics++.

    manipulated_videos/{end_to_end, end_to_end_level_1, ...}/{TTT}_{actor}.mp4
    source_videos/{actor}/...                              recordings of the actors: *not* the real class
    lists/splits/{train,val,test}.txt                      names of fakes, one on each line
    <ffpp_root>/original_sequences/youtube/c23/videos/{TTT}.mp4      the real class

TTT is the target's sequence number in FaceForensics++; the actor is the source. The publication splits by actor, and
every target has one actor, so a real video follows its fake and no person is in two splits. These are *not* the splits
of FaceForensics++: 138 of the 201 test targets are in its train, so a model trained there has seen them.

Source: Jiang et al., "DeeperForensics-1.0", CVPR 2020; https://github.com/EndlessSora/DeeperForensics-1.0,
dataset/README.md ("Target videos", "Lists").
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from deepfake.corpora import Corpus, Count, Listing
from deepfake.corpora.ffpp import originals_folder
from deepfake.corpora.files import Scan, is_video, require_folder, scan
from deepfake.corpora.lists import read_text
from deepfake.corpora.notes import incomplete_lists, of_folders, require_videos
from deepfake.corpora.splits import IDENTITY_SHARES, Protocol, common_split, share_out
from deepfake.corpora.walk import tree
from deepfake.errors import CorpusError
from deepfake.names import as_id, quoted
from deepfake.options import typed, types_of
from deepfake.ranges import PathName
from deepfake.schema import Label, Split, Video

Variant = Literal[
    "end_to_end",
    "end_to_end_level_1",
    "end_to_end_level_2",
    "end_to_end_level_3",
    "end_to_end_level_4",
    "end_to_end_level_5",
    "end_to_end_random_level",
    "end_to_end_mix_2_distortions",
    "end_to_end_mix_3_distortions",
    "end_to_end_mix_4_distortions",
    "reenact_postprocess",
]
VARIANTS: tuple[Variant, ...] = get_args(Variant)

_TARGETS = originals_folder("youtube", "c23")
_NUM_FAKES = {Split.TRAIN: 703, Split.VAL: 96, Split.TEST: 201}
_FAKE = re.compile(r"(\d{3})_([MW]\d{3})")


class DeeperForensics(Corpus):
    """DeeperForensics-1.0 with the real videos that its fakes were made from.

    Args:
        root: the folder with `manipulated_videos` and `lists`.
        ffpp_root: FaceForensics++, for its c23 originals; not needed with `reals=source_videos`.
        variants: which of the eleven folders of fakes to use.
        reals: `ffpp`, or `source_videos` for the actors' own recordings, which the authors advise against.
        protocol: `official` or `identity`.
    """

    def __init__(
        self,
        root: PathName,
        ffpp_root: PathName | None = None,
        variants: Annotated[Sequence[Variant], Field(min_length=1)] = ("end_to_end",),
        reals: Literal["ffpp", "source_videos"] = "ffpp",
        protocol: Protocol = "official",
    ) -> None:
        typed("data", {"variants": list(variants), "reals": reals, "protocol": protocol}, types_of(DeeperForensics))
        self._variants = tuple(variant for variant in VARIANTS if variant in variants)
        self._reals, self._protocol = reals, protocol
        self._root = require_folder(root, "data.root", "manipulated_videos and lists")
        if reals == "source_videos":
            require_folder(self._root / "source_videos", "data.root", "source_videos too, or set data.reals=ffpp")
            self._reals_root = self._root
        elif ffpp_root is None:
            raise CorpusError(f"data.ffpp_root is not set; the real videos of dfo are FaceForensics++'s {_TARGETS}")
        else:
            self._reals_root = require_folder(ffpp_root, "data.ffpp_root", f"FaceForensics++ ({_TARGETS})")
            require_folder(self._reals_root / _TARGETS, "data.ffpp_root", f"{_TARGETS} (the real videos of dfo)")

    def listing(self) -> Listing:
        fakes = self._read_splits()
        split_of = self._people(fakes)
        scans = [scan(self._root, f"manipulated_videos/{variant}") for variant in self._variants]
        reals = scan(self._reals_root, _TARGETS) if self._reals == "ffpp" else self._recordings()
        kept = {
            each.folder: [
                replace(video, split=common_split(video, split_of))
                for video_id, path in each.files.items()
                if (video := self._video(video_id, path, fakes, split_of)) is not None
            ]
            for each in (*scans, reals)
        }
        videos = [video for videos in kept.values() for video in videos]
        require_videos(videos, self._root, "videos in " + ", ".join(kept))
        wanted = {f"{each.folder}/{fake}" for each in scans for fake in fakes}
        if self._reals == "ffpp":
            wanted |= {f"{_TARGETS}/{fake[:3]}" for fake in fakes}
        lists = tuple(
            Count(f"lists/splits/{split}.txt, fakes", sum(s == split for s in fakes.values()), published)
            for split, published in _NUM_FAKES.items()
        )
        return Listing(
            tuple(videos),
            missing=tuple(sorted(wanted - {video.video_id for video in videos})),
            num_extra=sum(each.num_files for each in (*scans, reals)) - len(videos),
            notes=(
                *of_folders(self._root, scans),
                *of_folders(self._reals_root, [reals]),
                *incomplete_lists(lists),
                *self._notes(),
            ),
            protocol=self._protocol,
            folders=tuple(Count(name, len(v), 48475 if name == "source_videos" else 1000) for name, v in kept.items()),
            lists=lists,
        )

    def _read_splits(self) -> dict[str, Split]:
        """Return the official split of each fake, by its stem."""
        fakes: dict[str, Split] = {}
        for split in Split:
            path = self._root / "lists" / "splits" / f"{split}.txt"
            for line in read_text(path, "unpack `lists` of the download of DeeperForensics-1.0 there").split():
                stem = line.rpartition(".")[0]
                if not _FAKE.fullmatch(stem) or stem in fakes:
                    raise CorpusError(
                        f"{path}: {quoted(line)} is not a fake's name, or is listed twice; use the published list"
                    )
                fakes[stem] = split
        return fakes

    def _people(self, fakes: Mapping[str, Split]) -> dict[str, Split]:
        if self._protocol == "official":
            return {person: split for fake, split in fakes.items() for person in fake.split("_")}
        return share_out([(target, actor) for target, actor in (fake.split("_") for fake in fakes)], IDENTITY_SHARES)

    def _recordings(self) -> Scan:
        top = self._root / "source_videos"
        found = tree(top)
        files = {
            as_id(path.relative_to(self._root).with_suffix("").as_posix()): path
            for path in found.files
            if is_video(path.name)
        }
        return Scan("source_videos", True, files, len(found.files), tuple(found.left_out))

    def _video(self, video_id: str, path: Path, fakes: Container[str], people: Container[str]) -> Video | None:
        folder, *_, stem = video_id.split("/")
        if folder == "manipulated_videos":
            if stem not in fakes:
                return None
            target, actor = stem.split("_")
            real_id = f"{_TARGETS}/{target}" if self._reals == "ffpp" else ""
            return Video(video_id, path, Label.FAKE, None, video_id.split("/")[1], target, actor, real_id)
        person = video_id.split("/")[1] if folder == "source_videos" else stem
        return Video(video_id, path, Label.REAL, target_id=person) if person in people else None

    def _notes(self) -> list[str]:
        if self._reals == "source_videos":
            return ["data.reals=source_videos: the reals are studio recordings, not what the fakes were made from"]
        return ["the splits are not FaceForensics++'s: a model trained on ffpp has seen 138 of the 201 test targets"]
