"""Chooses the part of a corpus that a run extracts: all of it, or one of several shards."""

from collections.abc import Mapping
from pathlib import Path

from deepfake.errors import ConfigError
from deepfake.extraction.options import ExtractOptions
from deepfake.faces.shards import shard


def chosen_shard(paths: Mapping[str, Path], pairs: Mapping[str, str], options: ExtractOptions) -> dict[str, Path]:
    """Return the part of a corpus that this run extracts: all of it, or its shard.

    Raises:
        ConfigError: `extract.num_shards` and `extract.shard_index` do not fit together.
    """
    count, index = options.num_shards, options.shard_index
    if index is None and count == 1:
        return dict(paths)
    if index is None or not 0 <= index < count:
        given = "null" if index is None else index
        raise ConfigError(
            f"extract.num_shards={count} and extract.shard_index={given}: the index must be from 0 to {count - 1}; "
            f"-m 'extract.shard_index=range({count})' runs all shards"
        )
    if options.only_merge:
        raise ConfigError("extract.only_merge=true merges all shards: leave out extract.shard_index")
    return {video_id: paths[video_id] for video_id in shard(paths, pairs, count, index)}


def require_whole(options: ExtractOptions) -> None:
    """Stop unless the options ask for all videos.

    Raises:
        ConfigError: they ask for a part of them.
    """
    if options.num_shards != 1 or options.shard_index is not None or options.only_merge:
        raise ConfigError("extract.num_shards, shard_index and only_merge are for scripts/extract.py; leave them out")
