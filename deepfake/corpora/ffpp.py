"""FaceForensics++: 1000 YouTube sequences forged by five methods, and Google's DeepFakeDetection with its own actors.

    original_sequences/youtube/{c23,c40,raw}/videos/{TTT}.mp4
    original_sequences/actors/{c23,c40,raw}/videos/{AA}__{scene}.mp4
    manipulated_sequences/{Deepfakes,Face2Face,FaceSwap,NeuralTextures,FaceShifter}/<c>/videos/{TTT}_{SSS}.mp4
    manipulated_sequences/DeepFakeDetection/<c>/videos/{AA}_{BB}__{scene}__{8 characters}.mp4
    splits/{train,val,test}.json       pairs of sequences; both sequences and both swaps are in that split

T is the target, S the source; A is the target actor, B the source actor. A YouTube person is a sequence number.

Source: Rossler et al., "FaceForensics++: Learning to Detect Manipulated Facial Images", ICCV 2019;
https://github.com/ondyari/FaceForensics, dataset/README.md and dataset/splits.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from deepfake.corpora import Corpus, Count, Listing
from deepfake.corpora.files import require_folder, scan
from deepfake.corpora.lists import read_json
from deepfake.corpora.notes import incomplete_lists, of_folders, require_videos
from deepfake.corpora.splits import IDENTITY_SHARES, Protocol, common_split, share_out
from deepfake.errors import CorpusError
from deepfake.names import quoted
from deepfake.options import typed, types_of
from deepfake.ranges import PathName
from deepfake.schema import Label, Split, Video

DFD = "DeepFakeDetection"
Method = Literal["Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter", "DeepFakeDetection"]
METHODS: tuple[Method, ...] = get_args(Method)

_NUM_SEQUENCES = {Split.TRAIN: 720, Split.VAL: 140, Split.TEST: 140}
_NUM_VIDEOS = {"actors": 363, DFD: 3068}  # 1000 everywhere else
_ACTORS = [f"actor{number:02}" for number in range(1, 29)]

_NAMES = {
    "youtube": re.compile(r"(?P<target>\d{3})"),
    "actors": re.compile(r"(?P<target>\d\d)__.+"),
    DFD: re.compile(r"(?P<target>\d\d)_(?P<source>\d\d)(?P<scene>__.+)__[^_]+"),
}
_SWAP = re.compile(r"(?P<target>\d{3})_(?P<source>\d{3})")  # in the folders of the five other methods


def originals_folder(origin: str, compression: str) -> str:
    """Return the folder of the real videos inside the root; `origin` is `youtube` or `actors`."""
    return f"original_sequences/{origin}/{compression}/videos"


class FaceForensics(Corpus):
    """FaceForensics++ in one compression.

    The official split is by pairs of sequences, so no person is in two splits. DeepFakeDetection has no official split:
    its 28 actors are divided among the splits, and a swap between actors of different splits is dropped, under either
    protocol.

    Args:
        root: the folder with `original_sequences` and `manipulated_sequences`.
        compression: `c23`, `c40` or `raw`.
        methods: the forgery methods; their originals are included.
        splits_dir: folder of the three JSON files; None is `<root>/splits`.
        protocol: `official` or `identity`.
    """

    def __init__(
        self,
        root: PathName,
        compression: Literal["c23", "c40", "raw"] = "c23",
        methods: Annotated[Sequence[Method], Field(min_length=1)] = METHODS[:4],
        splits_dir: PathName | None = None,
        protocol: Protocol = "official",
    ) -> None:
        given = {"compression": compression, "methods": list(methods), "protocol": protocol}
        typed("data", given, types_of(FaceForensics))
        self._compression, self._protocol = compression, protocol
        self._methods = tuple(method for method in METHODS if method in methods)
        self._root = require_folder(root, "data.root", "original_sequences and manipulated_sequences")
        self._splits_dir = Path(splits_dir).expanduser() if splits_dir else self._root / "splits"

    def listing(self) -> Listing:
        pairs = read_pairs(self._splits_dir) if set(self._methods) != {DFD} else {}
        listed = self._listed(pairs)
        split_of = self._people(pairs)
        scans = [scan(self._root, folder) for folder in self._folders()]
        kept = {
            each.folder: [
                replace(video, split=common_split(video, split_of))
                for video_id, path in each.files.items()
                if (video := self._video(video_id, path, listed)) is not None
            ]
            for each in scans
        }
        videos = [video for videos in kept.values() for video in videos]
        require_videos(videos, self._root, "videos in " + ", ".join(kept))
        wanted = listed | {video.real_id for video in videos if video.real_id}
        lists = tuple(
            Count(f"{split}.json, sequences", 2 * sum(s == split for s in pairs.values()), published)
            for split, published in _NUM_SEQUENCES.items()
            if pairs
        )
        return Listing(
            tuple(videos),
            missing=tuple(sorted(wanted - {video.video_id for video in videos})),
            num_extra=sum(each.num_files for each in scans) - len(videos),
            notes=(*of_folders(self._root, scans), *incomplete_lists(lists), *self._notes(videos)),
            protocol=self._protocol,
            folders=tuple(Count(name, len(v), _NUM_VIDEOS.get(name.split("/")[1], 1000)) for name, v in kept.items()),
            lists=lists,
        )

    def _folders(self) -> list[str]:
        origins = {"actors" if method == DFD else "youtube" for method in self._methods}
        originals = [originals_folder(origin, self._compression) for origin in sorted(origins)]
        return originals + [self._method_folder(method) for method in self._methods]

    def _method_folder(self, method: str) -> str:
        return f"manipulated_sequences/{method}/{self._compression}/videos"

    def _people(self, pairs: Mapping[tuple[str, str], Split]) -> dict[str, Split]:
        actors = share_out([(actor, actor) for actor in _ACTORS], IDENTITY_SHARES)
        if self._protocol == "identity":
            return actors | share_out(pairs, IDENTITY_SHARES)
        return actors | {person: split for pair, split in pairs.items() for person in pair}

    def _listed(self, pairs: Iterable[tuple[str, str]]) -> set[str]:
        """Return the ids of all videos that the pairs imply. DeepFakeDetection has no list."""
        youtube = originals_folder("youtube", self._compression)
        methods = [self._method_folder(method) for method in self._methods if method != DFD]
        ids = set()
        for a, b in pairs:
            ids |= {f"{youtube}/{a}", f"{youtube}/{b}"}
            ids |= {f"{folder}/{swap}" for folder in methods for swap in (f"{a}_{b}", f"{b}_{a}")}
        return ids

    def _video(self, video_id: str, path: Path, listed: AbstractSet[str]) -> Video | None:
        _, origin, _, _, stem = video_id.split("/")
        is_acted = origin in ("actors", DFD)
        name = _NAMES.get(origin, _SWAP).fullmatch(stem)
        if name is None or not (is_acted or video_id in listed):
            return None
        parts = name.groupdict()
        prefix = "actor" if is_acted else ""
        target = prefix + parts["target"]
        if "source" not in parts:
            return Video(video_id, path, Label.REAL, target_id=target)
        originals = originals_folder("actors" if is_acted else "youtube", self._compression)
        real_id = f"{originals}/{parts['target']}{parts.get('scene', '')}"
        return Video(video_id, path, Label.FAKE, None, origin, target, prefix + parts["source"], real_id)

    def _notes(self, videos: Sequence[Video]) -> list[str]:
        num_dropped = sum(video.split is None for video in videos)
        if DFD not in self._methods:
            return []
        return [f"{DFD} is split by actor: {num_dropped} videos of two actors in different splits are in no split"]


def read_pairs(splits_dir: Path) -> dict[tuple[str, str], Split]:
    """Read the three official files: (a, b) -> the split that holds both sequences and both swaps.

    Raises:
        CorpusError: a file is missing or malformed, or a sequence is in two pairs.
    """
    cure = (
        "copy train.json, val.json and test.json there from dataset/splits of "
        "https://github.com/ondyari/FaceForensics, or set data.splits_dir"
    )
    pairs: dict[tuple[str, str], Split] = {}
    for split in Split:
        path = splits_dir / f"{split}.json"
        content = read_json(path, cure)
        if not isinstance(content, list):
            raise CorpusError(f"{path} is malformed (it holds {quoted(content)} instead of a list of pairs); {cure}")
        for pair in content:
            if not _is_pair(pair):
                raise CorpusError(f'{path} is malformed ({quoted(pair)} is not a pair like ["000", "003"]); {cure}')
            pairs[pair[0], pair[1]] = split
    sequences = [sequence for pair in pairs for sequence in pair]
    if len(set(sequences)) < len(sequences):
        twice = next(sequence for sequence in sequences if sequences.count(sequence) > 1)
        raise CorpusError(f"sequence {twice} is in two pairs of {splits_dir}; {cure}")
    return pairs


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)
