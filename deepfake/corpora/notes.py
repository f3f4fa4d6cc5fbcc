"""Sentences to log before training, so that nothing missing goes unnoticed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from deepfake.corpora import Count
from deepfake.corpora.files import Scan
from deepfake.corpora.walk import LeftOut
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split, Video

FEW = 10  # with fewer videos in a class, a single one changes an AUC by tenths


def of_folders(root: Path, scans: Sequence[Scan]) -> list[str]:
    """Return notes on folders that do not exist, and on entries in the others that are not files."""
    absent = [f"{root / each.folder} is not there: none of its videos is used" for each in scans if not each.exists]
    return absent + left_out([left for each in scans for left in each.left_out], root)


def incomplete_lists(lists: Iterable[Count]) -> list[str]:
    """Return a sentence for each list whose length differs from the published one."""
    return [
        f"{what} has {found} entries where the published one has {published}: the splits are not the published ones"
        for what, found, published in lists
        if published not in (found, None)
    ]


def left_out(found: Iterable[LeftOut], root: Path) -> list[str]:
    """Return a sentence for each reason why entries are ignored, with the first such entry.

    Args:
        found: the entries that one walk left out.
        root: paths in the sentences are relative to it.
    """
    sentences = []
    for reason, group in groupby(sorted(found, key=lambda left: left.reason), key=lambda left: left.reason):
        first, *others = group
        other_name = f" of {_inside(first.same_as, root)}" if first.same_as else ""
        more = f", and {len(others)} more" if others else ""
        sentences.append(f"not looked at: {_inside(first.path, root)} ({reason}{other_name}){more}")
    return sentences


def small_classes(videos: Iterable[Video]) -> list[str]:
    """Return a sentence if a split has so few videos of a class that its metrics are down to chance."""
    counts = Counter((video.split, video.label) for video in videos if video.split)
    few = [
        f"{split} {counts[split, label]} {label.name.lower()}"
        for split in Split
        for label in Label
        if 0 < counts[split, label] < FEW
    ]
    return (
        [f"fewer than {FEW} videos of a class ({', '.join(few)}): a single video changes their metrics a lot"]
        if few
        else []
    )


def require_videos(videos: Sequence[Video], root: Path, contents: str, found: Iterable[LeftOut] = ()) -> None:
    """Stop if a folder holds no videos.

    Args:
        videos: videos of the corpus.
        root: the corpus's folder.
        contents: what it should hold.
        found: entries that were ignored, which may be the reason.

    Raises:
        CorpusError: there is no video; the message says what was expected.
    """
    if not videos:
        why = "".join(f"; {sentence}" for sentence in left_out(found, root))
        raise CorpusError(f"{root} holds no video of this corpus; it should hold {contents}{why}")


def _inside(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if root in path.parents else path)
