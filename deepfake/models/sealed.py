"""The texts that an exported file carries, under a seal that tells whether they are still those of the export.

A seal is a SHA-256 in the file itself. It finds damage, files that other programs have changed, and the texts of one
model in the file of another. Whoever changes a file on purpose can seal it again, so nothing in it is trusted further
than in any other checkpoint.
"""

import json
from collections.abc import Mapping
from typing import Any

from deepfake.errors import WeightsError

CARD, SEAL = "card", "seal"
CURE = "export it again with scripts/export.py, or use the checkpoint that it was made from"


def as_texts(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return each fact as JSON, fit for metadata that holds texts by name."""
    return {name: json.dumps(value) for name, value in facts.items()}


def canonical(texts: Mapping[str, str]) -> bytes:
    """Return texts as bytes that depend on nothing but their names and contents."""
    return json.dumps(dict(sorted(texts.items()))).encode()


def card_in(texts: Mapping[str, str], what: str) -> dict[str, Any]:
    """Return the card among a file's texts, which its reader still has to check.

    Args:
        texts: by name.
        what: the file, for messages.

    Raises:
        WeightsError: there is none, or it is no JSON.
    """
    try:
        card = json.loads(texts[CARD])
    except (KeyError, ValueError, RecursionError):
        card = None
    if not isinstance(card, dict):
        raise WeightsError(f"{what} has no card, so it was not exported by this project: {CURE}")
    return card
