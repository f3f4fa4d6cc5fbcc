"""Chooses the forgery methods that are trained on and tested on. Real videos always stay."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from deepfake.corpora import Listing
from deepfake.errors import ConfigError
from deepfake.ranges import Word
from deepfake.schema import Label, Split, Video

# Names of methods; None is all that the corpus has.
Methods = Annotated[Sequence[Word], Field(min_length=1)] | None


def choose_methods(listing: Listing, data: Mapping[str, Any]) -> Listing:
    """Leave the fakes of other methods out of a listing, so that they are neither extracted nor counted.

    `data.methods` names the methods of all splits. `data.train_methods` takes its place in train and val, since the
    best epoch must not be chosen by what only test may show, and `data.test_methods` takes it in test.

    Args:
        listing: all videos of the corpus.
        data: the group `data` of a config; each of the three options may be missing or None. Where `data.corpus` takes
            `methods` itself, as for FaceForensics++, only those are listed, and a partial copy may lack some of them.

    Returns:
        The listing, with a note that says what is used and what is not.

    Raises:
        ConfigError: the corpus has no fake by a method that is named.
    """
    names = ("methods", "train_methods", "test_methods")
    chosen = {name: data.get(name) for name in names}
    known = sorted({video.method for video in listing.videos if video.label is Label.FAKE})
    if "methods" in data.get("corpus", {}):
        known, chosen["methods"] = sorted({*known, *(chosen["methods"] or ())}), None
    if all(methods is None for methods in chosen.values()):
        return listing
    for name, methods in chosen.items():
        for method in methods or ():
            if method not in known:
                has = f"the methods of this corpus are {', '.join(known)}" if known else "this corpus has no fakes"
                raise ConfigError(f"data.{name} names {method}, but {has}")
    train, test = (sorted(chosen[name] or chosen["methods"] or known) for name in names[1:])

    def is_used(video: Video) -> bool:
        in_use = test if video.split is Split.TEST else train if video.split else {*train, *test}
        return video.label is Label.REAL or video.method in in_use

    used = tuple(video for video in listing.videos if is_used(video))
    num_left_out = len(listing.videos) - len(used)
    left_out = f"; {num_left_out} fakes by other methods are left out" if num_left_out else ""
    same = ", ".join(train) + " in all splits"
    apart = f"{', '.join(train)} in train and val, {', '.join(test)} in test"
    note = f"methods: {same if train == test else apart}{left_out}"
    return replace(listing, videos=used, notes=(*listing.notes, note))


def count_methods(videos: Sequence[Video]) -> dict[str, dict[str, int]]:
    """Count the fakes of each split by method: split -> method -> number.

    Example:
        >>> from pathlib import Path
        >>> count_methods([Video("a", Path("a.mp4"), Label.FAKE, Split.TEST, "roop")])
        {'train': {}, 'val': {}, 'test': {'roop': 1}}
    """
    counts = {
        split: Counter(video.method for video in videos if video.label is Label.FAKE and video.split is split)
        for split in Split
    }
    return {str(split): dict(sorted(found.items())) for split, found in counts.items()}
