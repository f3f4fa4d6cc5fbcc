"""Checks from a corpus's listing alone whether a null audit can be made, before a video is opened."""

from collections import Counter

from deepfake.corpora import Listing
from deepfake.errors import ConfigError, CorpusError
from deepfake.schema import Label, Split


def require_null_audit(listing: Listing, split: Split) -> None:
    """Stop before hours of extraction if there is nothing to learn from.

    Args:
        listing: the corpus that is tested.
        split: the split that is scored.

    Raises:
        ConfigError: it is the one that the null model learns from.
        CorpusError: train has no real or no fake.
    """
    if split is Split.TRAIN:
        raise ConfigError(
            "audit=null learns from the train split, so it says nothing of split=train: choose split=test or split=val"
        )
    counts = Counter(video.label for video in listing.videos if video.split is Split.TRAIN)
    if lacking := [label.name.lower() for label in Label if not counts[label]]:
        raise CorpusError(
            f"audit=null learns from the train split of the corpus, which has no {' and no '.join(lacking)} video: put "
            "videos below train/ in a folder of your own, or name their split in its CSV; for another corpus check "
            "data.root and the lists (scripts/inventory.py shows what was found); or leave audit=null out"
        )
