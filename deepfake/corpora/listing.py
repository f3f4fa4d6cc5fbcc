"""A corpus is listed once, and what there is to say about it is logged."""

import logging

from deepfake.corpora import Corpus, Listing

log = logging.getLogger(__name__)


def list_corpus(corpus: Corpus, name: str) -> Listing:
    """List a corpus's videos, and log its notes and how many of its files are missing.

    Args:
        corpus: to list.
        name: under which its faces are stored (`data.name`), for messages.
    """
    listing = corpus.listing()
    for note in listing.notes:
        log.info(note)
    if listing.missing:
        log.warning(
            "%s: %d videos of its lists have no file; scripts/inventory.py names them", name, len(listing.missing)
        )
    return listing
