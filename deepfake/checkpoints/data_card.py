"""What numbers were measured on, as plain data for cards and `metrics.json`, and how a test's data relates to it."""

import logging
from collections.abc import Mapping
from typing import Any

from deepfake.corpora import Listing
from deepfake.corpora.audit import num_sharing
from deepfake.corpora.splits import content_digests, fingerprint
from deepfake.errors import ConfigError
from deepfake.schema import Split
from deepfake.scoring import ScoringRule
from deepfake.store import FaceStore

log = logging.getLogger(__name__)


def data_card(
    name: str,
    listing: Listing,
    coverage: Mapping[Split, Mapping[str, int]],
    store: FaceStore,
    rule: ScoringRule,
) -> dict[str, Any]:
    """What numbers are measured on, so that two can be told comparable or not: protocol, counts, what the files hold.

    Args:
        name: of the corpus.
        listing: of the corpus.
        coverage: of the splits that numbers are given for.
        store: that holds all videos of these splits.
        rule: by which videos are scored.
    """
    videos = [video for video in listing.videos if video.split in coverage]
    digests = store.rows([video.video_id for video in videos])["digest"].to_dict()
    return {
        "corpus": name,
        "protocol": listing.protocol,
        "fingerprint": fingerprint(listing.videos),
        "content": content_digests(videos, digests),
        "num_missing": len(listing.missing),
        "num_dropped": listing.num_dropped,
        "shared_sources": {str(split): number for split, number in num_sharing(listing.videos).items()},
        "tracks": rule.tracks,
        "main_face": rule.main_face,
        "coverage": {str(split): dict(counts) for split, counts in coverage.items()},
    }


def require_fingerprint(expected: Any, corpus: str, listing: Listing) -> None:
    """Stop unless the corpus's videos, labels and splits are those that were asked for; None asks for none.

    Raises:
        ConfigError: they are not.
    """
    here = fingerprint(listing.videos)
    if expected is not None and str(expected) != here:
        raise ConfigError(
            f"expect_fingerprint={expected}, and {corpus} has the fingerprint {here}, so other videos, labels or "
            f"splits: compare the output of scripts/inventory.py, or leave the option out"
        )


def compare_listing(trained: Mapping[str, Any], corpus: str, listing: Listing) -> None:
    """Say how the data relates to what the checkpoint was trained on."""
    theirs = f"{trained['corpus']}, protocol {trained['protocol']}, fingerprint {trained['fingerprint']}"
    ours = f"{corpus}, protocol {listing.protocol}, fingerprint {fingerprint(listing.videos)}"
    if trained["corpus"] != corpus:
        log.info("cross-dataset: trained on %s; tested on %s", theirs, ours)
    elif trained["fingerprint"] == fingerprint(listing.videos):
        log.info("the videos, labels and splits of the training run: %s", ours)
    else:
        log.warning(
            "another fingerprint than in training: trained on %s; tested on %s. The numbers cannot be compared with "
            "those of the training run, and what is tested may have been trained on",
            theirs,
            ours,
        )


def compare_content(trained: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Warn where the videos have the names of those of the training run, and other contents.

    Args:
        trained: `data` of the checkpoint's card; one of before content was noted says nothing.
        data: that was tested.
    """
    known = trained.get("content", {})
    if trained["corpus"] != data["corpus"] or trained["fingerprint"] != data["fingerprint"]:
        return  # has been said
    for split, content in data["content"].items():
        if known.get(split, content) != content:
            log.warning(
                "the files of %s are others than those of the training run, under the same names (content %s, and %s "
                "then): the numbers cannot be compared with those of the training run",
                split,
                content,
                known[split],
            )
