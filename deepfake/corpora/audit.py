"""Check whether splits share anything: videos, source videos, people or file contents."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from deepfake.content import digest, digest_of_bytes
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split, Video

# Protocols whose splits may share people, as they were published that way; `published` may share source videos, too.
_PEOPLE_MAY_BE_SHARED = ("official", "source_disjoint", "published")
_WORDS = {"video": "videos", "source": "source videos", "identity": "people", "content": "files with one content"}


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something that two splits share.

    Attributes:
        kind: `video`, `source`, `identity` or `content`.
        splits: the two, in the order train, val, test.
        keys: the shared ids (for content: hashes), sorted, at least one.
    """

    kind: str
    splits: tuple[Split, Split]
    keys: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.keys[:3]) + (", ..." if len(self.keys) > 3 else "")
        return f"{self.splits[0]} and {self.splits[1]} share {len(self.keys)} {_WORDS[self.kind]} ({shown})"


@dataclass(frozen=True, slots=True)
class Audit:
    """All overlaps between the splits of one listing."""

    overlaps: tuple[Overlap, ...]

    def fatal(self, protocol: str) -> tuple[Overlap, ...]:
        """Return the overlaps that invalidate results: all but those that a published split is known to have."""

        def is_known(overlap: Overlap) -> bool:
            if overlap.kind == "source":
                return protocol == "published" and Split.TEST in overlap.splits
            return overlap.kind == "identity" and protocol in _PEOPLE_MAY_BE_SHARED

        return tuple(overlap for overlap in self.overlaps if not is_known(overlap))

    def require_disjoint(self, protocol: str) -> None:
        """Stop a run whose splits leak.

        Raises:
            CorpusError: there is a fatal overlap.
        """
        if fatal := self.fatal(protocol):
            raise CorpusError(
                "the splits leak: "
                + "; ".join(map(str, fatal))
                + "; correct the lists or remove the files (scripts/inventory.py shows all of them)"
            )


def audit(videos: Iterable[Video], digests: Mapping[str, str] | None = None) -> Audit:
    """Compare every pair of splits.

    Args:
        videos: videos of the listing; those without a split are ignored.
        digests: `video_id` -> hash of the file, see `duplicates`; without it, content is not compared.
    """
    digests = digests or {}
    keys: dict[str, Callable[[Video], Iterable[str]]] = {
        "video": lambda video: (video.video_id,),
        "source": lambda video: (source_video(video),),
        "identity": lambda video: video.identities,
        "content": lambda video: filter(None, (digests.get(video.video_id),)),
    }
    holders: dict[str, dict[Split, set[str]]] = {kind: {split: set() for split in Split} for kind in keys}
    for video in videos:
        if video.split is not None:
            for kind, key in keys.items():
                holders[kind][video.split].update(key(video))
    return Audit(
        tuple(
            Overlap(kind, (a, b), tuple(sorted(shared)))
            for kind, by_split in holders.items()
            for a, b in combinations(Split, 2)
            if (shared := by_split[a] & by_split[b])
        )
    )


def source_video(video: Video) -> str:
    """Return the id of the video that this one was made from, or its own."""
    return video.real_id or video.video_id


def num_sharing(videos: Iterable[Video]) -> dict[Split, int]:
    """Count the train and val videos that share the source video of a test video; splits without any are left out."""
    videos = list(videos)
    tested = {source_video(video) for video in videos if video.split == Split.TEST}
    counts = Counter(video.split for video in videos if source_video(video) in tested)
    return {split: counts[split] for split in (Split.TRAIN, Split.VAL) if counts[split]}


def blind_spots(videos: Iterable[Video]) -> list[str]:
    """Return a sentence for each thing that file names do not tell, so that no audit can tell if splits share it."""
    videos = [video for video in videos if video.split is not None]
    fakes = [video for video in videos if video.label == Label.FAKE]
    nameless = sum(not video.identities for video in videos)
    rootless = sum(not video.real_id for video in fakes)
    sentences = {
        f"who is seen in {nameless} of {len(videos)} videos": nameless,
        f"which real video {rootless} of {len(fakes)} fakes were made from": rootless,
    }
    return [f"{sentence} is not known: the splits may share more" for sentence, number in sentences.items() if number]


def duplicates(videos: Iterable[Video]) -> dict[str, str]:
    """Hash the files that may have a duplicate, and leave out those that cannot.

    Files that differ in size or in their first 64 kB are different, so few files are ever read whole.

    Returns:
        `video_id` -> hash of the file, for every file that shares size and beginning with another.
    """
    groups = [list(videos)]
    for key in (lambda path: str(path.stat().st_size), _hash_of_start, digest):
        found: dict[str, list[Video]] = defaultdict(list)
        for index, group in enumerate(groups):
            for video in group:
                found[f"{index} {key(video.path)}"].append(video)
        groups = [group for group in found.values() if len(group) > 1]
    return {video.video_id: digest(group[0].path) for group in groups for video in group}


def _hash_of_start(path: Path) -> str:
    with path.open("rb") as file:
        return digest_of_bytes(file.read(65536))
