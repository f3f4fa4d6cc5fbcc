"""What numbers were measured on, as plain data for cards and `metrics.json`, and how test data relates to it."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from deepfake.corpora import Listing
from deepfake.corpora.audit import num_sharing
from deepfake.corpora.methods import count_methods
from deepfake.corpora.splits import content_digests, fingerprint, real_digests
from deepfake.errors import ConfigError
from deepfake.schema import Split, Video
from deepfake.scoring import ScoringRule
from deepfake.store import FaceStore

log = logging.getLogger(__name__)


def file_digests(store: FaceStore, videos: Iterable[Video]) -> dict[str, str]:
    """Return the hash of each video's file, by `video_id`; empty where the store has none, as of a file that is gone.

    Raises:
        StoreError: the store lacks one of them.
    """
    found: dict[str, str] = store.rows([video.video_id for video in videos])["digest"].to_dict()
    return found


def data_card(
    name: str,
    listing: Listing,
    coverage: Mapping[Split, Mapping[str, int]],
    store: FaceStore,
    rule: ScoringRule,
) -> dict[str, Any]:
    """Describe what numbers are measured on (protocol, counts, file contents), to tell whether two are comparable.

    Args:
        name: the corpus's name.
        listing: the corpus's videos.
        coverage: counts for each split that numbers are given for.
        store: one that holds all videos of these splits.
        rule: the rule that videos are scored by.
    """
    videos = [video for video in listing.videos if video.split in coverage]
    digests = file_digests(store, videos)
    return {
        "corpus": name,
        "protocol": listing.protocol,
        "fingerprint": fingerprint(listing.videos),
        "content": content_digests(videos, digests),
        "reals": real_digests(videos, digests),
        "methods": {split: count for split, count in count_methods(videos).items() if split in coverage},
        "num_missing": len(listing.missing),
        "num_dropped": listing.num_dropped,
        "shared_sources": {str(split): number for split, number in num_sharing(listing.videos).items()},
        "tracks": rule.tracks,
        "main_face": rule.main_face,
        "coverage": {str(split): dict(counts) for split, counts in coverage.items()},
    }


def require_fingerprint(expected: Any, corpus: str, listing: Listing) -> None:
    """Stop unless the corpus has this fingerprint of its videos, labels and splits; None accepts any.

    Raises:
        ConfigError: it has another one.
    """
    here = fingerprint(listing.videos)
    if expected is not None and str(expected) != here:
        raise ConfigError(
            f"expect_fingerprint={expected}, but {corpus} has the fingerprint {here}, so its videos, labels or splits "
            f"differ: compare the output of scripts/inventory.py, or leave the option out"
        )


def compare_listing(trained: Mapping[str, Any], corpus: str, listing: Listing) -> None:
    """Log how the data relates to what the checkpoint was trained on."""
    theirs = f"{trained['corpus']}, protocol {trained['protocol']}, fingerprint {trained['fingerprint']}"
    ours = f"{corpus}, protocol {listing.protocol}, fingerprint {fingerprint(listing.videos)}"
    if trained["corpus"] != corpus:
        log.info("cross-dataset: trained on %s; tested on %s", theirs, ours)
    elif trained["fingerprint"] == fingerprint(listing.videos):
        log.info("same videos, labels and splits as in the training run: %s", ours)
    elif trained.get("methods", methods := count_methods(listing.videos)) != methods:
        log.warning(
            "other fakes than in the training run: trained with %s; tested with %s. The numbers cannot be compared "
            "with those of the training run",
            _words(trained["methods"]),
            _words(methods),
        )
    else:
        log.warning(
            "the fingerprint differs from the training run's: trained on %s; tested on %s. The numbers cannot be "
            "compared with those of the training run, and test videos may have been trained on",
            theirs,
            ours,
        )


def _words(methods: Mapping[str, Mapping[str, int]]) -> str:
    """
    Example:
        >>> _words({"train": {"roop": 3}, "val": {}, "test": {"roop": 1, "wav": 2}})
        'train: 3 roop; val: no fakes; test: 1 roop, 2 wav'
    """
    return "; ".join(
        f"{split}: {', '.join(f'{count} {method}' for method, count in counts.items()) or 'no fakes'}"
        for split, counts in methods.items()
    )


def compare_content(trained: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Warn where videos have the same names as in the training run but other contents.

    Args:
        trained: `data` of the checkpoint's card; older cards do not record contents.
        data: the same for what was tested.
    """
    known = trained.get("content", {})
    if trained["corpus"] != data["corpus"] or trained["fingerprint"] != data["fingerprint"]:
        return  # `compare_listing` has logged it
    for split, content in data["content"].items():
        if known.get(split, content) != content:
            log.warning(
                "the %s files differ from those of the training run under the same names (content %s, but %s then): "
                "the numbers cannot be compared with those of the training run",
                split,
                content,
                known[split],
            )
