"""Which videos of a corpus one of several machines takes. Pure."""

from collections.abc import Iterable, Mapping

from deepfake.ranges import Amount, Count


def shard(video_ids: Iterable[str], pairs: Mapping[str, str], num_shards: Count, shard_index: Amount) -> list[str]:
    """One part of a corpus; the parts are disjoint, are all of it, and are the same wherever they are computed.

    A fake goes with its real, from which it may take boxes.

    Args:
        video_ids: of the whole corpus.
        pairs: video_id of a fake -> that of its real.
        num_shards: parts.
        shard_index: in [0, num_shards).

    Example:
        >>> [shard(["a", "b", "c", "a2"], {"a2": "a"}, 2, i) for i in (0, 1)]
        [['a', 'a2', 'c'], ['b']]
    """
    family = {video_id: pairs.get(video_id, video_id) for video_id in video_ids}
    number = {name: i for i, name in enumerate(sorted(set(family.values())))}
    return sorted(video_id for video_id, name in family.items() if number[name] % num_shards == shard_index)
