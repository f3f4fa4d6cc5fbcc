"""Lists a corpus and logs what is notable about it."""

import logging

from deepfake.corpora import Corpus, Listing

log = logging.getLogger(__name__)


def list_corpus(corpus: Corpus, name: str) -> Listing:
    """List a corpus's videos, and log its notes and how many of its files are missing.

    Args:
        corpus: the corpus.
        name: the name that its faces are stored under (`data.name`), for messages.
    """
    listing = corpus.listing()
    for note in listing.notes:
        log.info(note)
    if listing.missing:
        log.warning(
            "%s: %d videos in its lists have no file; scripts/inventory.py names them", name, len(listing.missing)
        )
    return listing
