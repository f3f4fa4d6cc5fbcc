"""Checks from a corpus's listing alone whether it can be trained on and tested, before a video is opened."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deepfake.corpora import Listing
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split

log = logging.getLogger(__name__)


def require_trainable(listing: Listing, *, makes_fakes: bool = False) -> None:
    """Stop before hours of extraction if training could not begin; warn if the test would say little.

    Args:
        listing: the corpus.
        makes_fakes: whether training makes its fakes of reals, so that reals are enough.

    Raises:
        CorpusError: train or val has no video of a class.
    """
    for split in (Split.TRAIN, Split.VAL):
        lacking = _lacking(listing, split)
        if makes_fakes:
            lacking = [label for label in lacking if label == Label.REAL.name.lower()]
        if lacking:
            needed = "a real video" if makes_fakes else "both classes"
            raise CorpusError(
                f"the {split} split has no {' and no '.join(lacking)} video ({_counted(listing)}): training and the "
                f"choice of the best epoch need {needed}; check data.root and the lists (scripts/inventory.py shows "
                "what was found)"
            )
    _warn_of_test(listing, Split.TEST)


def without_train_fakes(listing: Listing) -> Listing:
    """Leave the fakes of train out of a listing, for training that makes its own, with a note that says how many."""
    used = tuple(video for video in listing.videos if video.split is not Split.TRAIN or video.label is Label.REAL)
    left_out = len(listing.videos) - len(used)
    note = f"{left_out} fakes of train are left out: training makes its own of reals"
    return replace(listing, videos=used, notes=(*listing.notes, note)) if left_out else listing


def require_testable(listing: Listing, split: Split) -> None:
    """Stop if there is nothing to test; warn if the test would say little.

    Raises:
        CorpusError: the split has no video.
    """
    if len(_lacking(listing, split)) == len(Label):
        raise CorpusError(
            f"the {split} split has no video ({_counted(listing)}): choose another split=, or check data.root and the "
            "lists (scripts/inventory.py shows what was found)"
        )
    _warn_of_test(listing, split)


def _warn_of_test(listing: Listing, split: Split) -> None:
    lacking = _lacking(listing, split)
    if len(lacking) == len(Label):
        log.warning("the %s split has no video: nothing is tested (%s)", split, _counted(listing))
    elif lacking:
        log.warning("the %s split has no %s video: its AUC is undefined (%s)", split, *lacking, _counted(listing))


def _lacking(listing: Listing, split: Split) -> list[str]:
    there = {video.label for video in listing.videos if video.split == split}
    return [label.name.lower() for label in Label if label not in there]


def _counted(listing: Listing) -> str:
    counts = Counter((video.split, video.label) for video in listing.videos)
    return "; ".join(
        f"{split} " + ", ".join(f"{counts[split, label]} {label.name.lower()}" for label in Label) for split in Split
    )


def shared_sources(shared: Mapping[str, int]) -> str:
    """Return the caption for tables of a corpus whose test shows scenes that were trained on; else an empty text.

    Args:
        shared: split -> how many of its videos have the source video of a test video.

    Example:
        >>> shared_sources({"train": 640, "val": 12})
        'shared with test: the source videos of 640 train, 12 val videos'
    """
    if not shared:
        return ""
    return f"shared with test: the source videos of {', '.join(f'{n} {split}' for split, n in shared.items())} videos"


def data_caption(data: Mapping[str, Any], trained: Mapping[str, Any] | None = None) -> str:
    """Return the caption of `shared_sources` for what numbers were measured on.

    Args:
        data: see `deepfake.extraction.completion.describe`.
        trained: the same for the training run, if that was another run; older cards do not record shared sources.
    """
    own = shared_sources(data.get("shared_sources", {}))
    if trained is None or trained["corpus"] != data["corpus"]:
        return own
    theirs = shared_sources(trained.get("shared_sources", {}))
    return f"trained with protocol {trained['protocol']}; {theirs}" if theirs else own
