"""What is said before training: nothing that is absent is passed over in silence."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from deepfake.corpora import Count
from deepfake.corpora.files import Scan
from deepfake.corpora.walk import LeftOut
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split, Video

FEW = 10  # videos of a class: with fewer, an AUC moves by tenths with one of them


def of_folders(root: Path, scans: Sequence[Scan]) -> list[str]:
    """What is to be said of folders: those that were asked for and are not there, and what in them is no file."""
    absent = [f"{root / each.folder} is not there: none of its videos is used" for each in scans if not each.exists]
    return absent + left_out([left for each in scans for left in each.left_out], root)


def incomplete_lists(lists: Iterable[Count]) -> list[str]:
    """One sentence for each list that has another length than the published one."""
    return [
        f"{what} has {found} entries where the published one has {published}: the splits are not the published ones"
        for what, found, published in lists
        if published not in (found, None)
    ]


def left_out(found: Iterable[LeftOut], root: Path) -> list[str]:
    """One sentence for each reason why something in a folder is not looked at, with the first that it holds of.

    Args:
        found: of one walk.
        root: what the paths in the sentences begin at.
    """
    sentences = []
    for reason, group in groupby(sorted(found, key=lambda left: left.reason), key=lambda left: left.reason):
        first, *others = group
        other_name = f" of {_inside(first.same_as, root)}" if first.same_as else ""
        more = f", and {len(others)} more" if others else ""
        sentences.append(f"not looked at: {_inside(first.path, root)} ({reason}{other_name}){more}")
    return sentences


def small_classes(videos: Iterable[Video]) -> list[str]:
    """A sentence if a split has videos of a class, and so few that its numbers are chance."""
    counts = Counter((video.split, video.label) for video in videos if video.split)
    few = [
        f"{split} {counts[split, label]} {label.name.lower()}"
        for split in Split
        for label in Label
        if 0 < counts[split, label] < FEW
    ]
    return (
        [f"fewer than {FEW} videos of a class ({', '.join(few)}): one video more or less changes numbers on them much"]
        if few
        else []
    )


def require_videos(videos: Sequence[Video], root: Path, contents: str, found: Iterable[LeftOut] = ()) -> None:
    """Stops at a folder without a single video.

    Args:
        videos: of the corpus.
        root: its folder.
        contents: what it should hold.
        found: what was not looked at, which may be why.

    Raises:
        CorpusError: there is none; the message says what was expected.
    """
    if not videos:
        why = "".join(f"; {sentence}" for sentence in left_out(found, root))
        raise CorpusError(f"{root} holds no video of this corpus; it should hold {contents}{why}")


def _inside(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if root in path.parents else path)
