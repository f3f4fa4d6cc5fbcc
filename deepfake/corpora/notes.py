"""What is said before training: nothing that is absent is passed over in silence."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from deepfake.corpora.corpus import Count
from deepfake.corpora.files import Scan
from deepfake.errors import CorpusError
from deepfake.schema import Video


def absent_folders(root: Path, scans: Iterable[Scan]) -> list[str]:
    """One sentence for each folder that was asked for and is not there."""
    return [f"{root / each.folder} is not there: none of its videos is used" for each in scans if not each.exists]


def incomplete_lists(lists: Iterable[Count]) -> list[str]:
    """One sentence for each list that has another length than the published one."""
    return [
        f"{what} has {found} entries where the published one has {published}: the splits are not the published ones"
        for what, found, published in lists
        if published not in (found, None)
    ]


def require_videos(videos: Sequence[Video], root: Path, contents: str) -> None:
    """Stops at a folder without a single video.

    Raises:
        CorpusError: there is none; the message says what was expected.
    """
    if not videos:
        raise CorpusError(f"{root} holds no video of this corpus; it should hold {contents}")
