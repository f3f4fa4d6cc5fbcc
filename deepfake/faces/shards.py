"""Which videos of a corpus each of several machines takes. Pure functions."""

from collections.abc import Iterable, Mapping

from deepfake.ranges import Amount, Count


def shard(video_ids: Iterable[str], pairs: Mapping[str, str], num_shards: Count, shard_index: Amount) -> list[str]:
    """Return one part of a corpus; the parts are disjoint, cover the corpus and are the same on every machine.

    A fake goes with its real, whose boxes it may reuse.

    Args:
        video_ids: ids of the whole corpus.
        pairs: video_id of a fake -> that of its real.
        num_shards: number of parts.
        shard_index: in [0, num_shards).

    Example:
        >>> [shard(["a", "b", "c", "a2"], {"a2": "a"}, 2, i) for i in (0, 1)]
        [['a', 'a2', 'c'], ['b']]
    """
    family = {video_id: pairs.get(video_id, video_id) for video_id in video_ids}
    number = {name: i for i, name in enumerate(sorted(set(family.values())))}
    return sorted(video_id for video_id, name in family.items() if number[name] % num_shards == shard_index)
