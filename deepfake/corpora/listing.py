"""Lists a corpus and logs what is notable about it."""

import logging
from collections.abc import Mapping
from typing import Any

from deepfake.corpora import Corpus, Listing
from deepfake.corpora.methods import choose_methods

log = logging.getLogger(__name__)


def list_corpus(corpus: Corpus, data: Mapping[str, Any]) -> Listing:
    """List a corpus's videos by the chosen methods, and log its notes and how many of its files are missing.

    Args:
        corpus: the corpus.
        data: the group `data` of a config: `name`, for messages, and the methods to use, see `choose_methods`.

    Raises:
        ConfigError: a method is unknown.
    """
    listing = choose_methods(corpus.listing(), data)
    for note in listing.notes:
        log.info(note)
    if listing.missing:
        named = "scripts/inventory.py names them"
        log.warning("%s: %d videos in its lists have no file; %s", data["name"], len(listing.missing), named)
    return listing
