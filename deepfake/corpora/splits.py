"""Assign splits to whole blocks of people who were swapped with one another, never by what is on disk.

Every function here depends only on names that the publication fixes, so neither the order of files nor a missing file
changes the split of another video.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from deepfake.content import sha256_of_text
from deepfake.schema import Label, Split, Video

Protocol = Literal["official", "identity"]

# Shares of the people. With three fifths for train, val and test keep enough swaps *among* their own people.
IDENTITY_SHARES = {Split.TRAIN: 0.6, Split.VAL: 0.2, Split.TEST: 0.2}
# Shares for taking val from the official train part if the publication has no val.
VAL_SHARES = {Split.TRAIN: 0.85, Split.VAL: 0.15}


def share_out(pairs: Iterable[tuple[str, str]], shares: Mapping[Split, float]) -> dict[str, Split]:
    """Assign a split to each person, keeping connected blocks of the swap graph together.

    Blocks are assigned in order of size, largest first and equal ones by hash, each to the split with the smallest
    fraction of its share filled. If a split would stay empty (as with a single block), the largest block is broken up
    into its people; videos between splits must then be dropped.

        share_out([("a", "b"), ("b", "c"), ("d", "e"), ("f", "f")], IDENTITY_SHARES)
        -> a, b, c: train;  d, e: val;  f: test

    Args:
        pairs: (target, source) of the forged videos; (a, a) for a person without a swap.
        shares: fraction of the people for each split; they sum to 1.
    """
    blocks = _blocks(sorted(set(pairs)))
    while True:
        blocks.sort(key=lambda block: (-len(block), sha256_of_text(block[0])))
        chosen = _fill(blocks, shares)
        if set(chosen) == set(shares) or not blocks or len(blocks[0]) == 1:
            return {person: split for block, split in zip(blocks, chosen, strict=True) for person in block}
        blocks = [[person] for person in blocks[0]] + blocks[1:]


def draw(key: str, shares: Mapping[Split, float]) -> Split:
    """Gives a key a split by its hash alone; for what has no identity and ties nothing together."""
    position = int(sha256_of_text(key), 16) / 16**64
    reached = 0.0
    for split, share in shares.items():
        reached += share
        if position < reached:
            return split
    return list(shares)[-1]


def divide(keys: Iterable[str], shares: Mapping[Split, float]) -> dict[str, Split]:
    """Assign splits to keys in exact shares, in the order of the keys' hashes.

    Each split gets at least one key if there are enough. Adding or removing a key moves few others; with `draw` it
    moves none, but the shares are left to chance.

    Example:
        >>> counts = Counter(divide(map(str, range(11)), IDENTITY_SHARES).values())
        >>> [counts[split] for split in Split]
        [7, 2, 2]
    """
    ranked = sorted(set(keys), key=sha256_of_text)
    exact = {split: len(ranked) * share for split, share in shares.items()}
    counts = {split: int(size) for split, size in exact.items()}
    for split in sorted(shares, key=lambda split: counts[split] - exact[split])[: len(ranked) - sum(counts.values())]:
        counts[split] += 1
    for split in [split for split in shares if not counts[split]]:
        richest = max(counts, key=lambda split: counts[split])
        if counts[richest] > 1:
            counts[richest], counts[split] = counts[richest] - 1, 1
    return dict(zip(ranked, Counter(counts).elements(), strict=True))


def common_split(video: Video, split_of: Mapping[str, Split]) -> Split | None:
    """Return the split of all people of a video, None if they differ; people who are not in the lists are in train."""
    splits = {split_of.get(person, Split.TRAIN) for person in video.identities}
    return splits.pop() if len(splits) == 1 else None


def fingerprint(videos: Iterable[Video]) -> str:
    """Return 16 hex digits that tell whether two results were measured on the same videos, labels and splits.

    Videos without a split are ignored.
    """
    rows = sorted((v.video_id, int(v.label), str(v.split)) for v in videos if v.split is not None)
    return sha256_of_text("\n".join("\t".join(map(str, row)) for row in rows))[:16]


def content_digests(videos: Iterable[Video], digests: Mapping[str, str]) -> dict[str, str]:
    """Return 16 hex digits for each split that identify the content of its files.

    Args:
        videos: videos of the listing; those without a split are ignored.
        digests: `video_id` -> hash of the file.
    """
    rows: dict[str, list[str]] = {}
    for video in sorted(videos, key=lambda video: video.video_id):
        if video.split is not None:
            rows.setdefault(str(video.split), []).append(f"{video.video_id}\t{digests[video.video_id]}")
    return {split: sha256_of_text("\n".join(lines))[:16] for split, lines in rows.items()}


def real_digests(videos: Iterable[Video], digests: Mapping[str, str]) -> dict[str, str]:
    """Return for each split what its reals are known by in any other corpus: 12 hex digits of each file, in one text.

    They are sorted and separated by spaces: 13 bytes a real, and so many digits that 20,000 reals share none by chance.

    Args:
        videos: videos of the listing; those without a split are ignored.
        digests: `video_id` -> hash of the file; empty of one that is gone, which is left out.
    """
    found: dict[str, set[str]] = {}
    for video in videos:
        if video.split is not None:
            own = found.setdefault(str(video.split), set())
            own |= {digests[video.video_id][:12]} if video.label is Label.REAL else set()
    return {split: " ".join(sorted(own - {""})) for split, own in found.items()}


def _blocks(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    people = sorted({person for pair in pairs for person in pair})
    row = np.searchsorted(people, [a for a, _ in pairs])
    column = np.searchsorted(people, [b for _, b in pairs])
    graph = coo_matrix((np.ones(len(pairs)), (row, column)), shape=(len(people), len(people)))
    num_blocks, block_of = connected_components(graph, directed=False)
    blocks: list[list[str]] = [[] for _ in range(num_blocks)]
    for person, block in zip(people, block_of, strict=True):
        blocks[block].append(person)
    return blocks


def _fill(blocks: Sequence[Sequence[str]], shares: Mapping[Split, float]) -> list[Split]:
    filled = dict.fromkeys(shares, 0.0)  # people so far as a multiple of the share
    chosen = []
    for block in blocks:
        emptiest = min(filled, key=lambda split: filled[split])
        filled[emptiest] += len(block) / shares[emptiest]
        chosen.append(emptiest)
    return chosen
