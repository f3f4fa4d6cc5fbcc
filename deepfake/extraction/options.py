"""How faces are extracted; nothing here changes what is stored."""

from dataclasses import dataclass
from typing import Literal

from deepfake.ranges import Above0, Amount, Count, Device, Processes


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """The config group `extract`, and the device that the finder runs on.

    Attributes:
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        reader: video reader: `auto` (PyAV, with decord on a retry after a hang or crash), `av` or `decord`.
        num_workers: processes that decode and detect; None means one per core, and at most eight on a GPU.
        timeout_s: seconds after which a video is stopped; if it looks at more than 1000 frames, each such
            part of it.
        num_shards: number of shards that the corpus is divided into.
        shard_index: the shard that this run extracts, in [0, num_shards); None means all of it.
        only_merge: whether to extract nothing, and only build the tables from the existing archives.
    """

    device: Device = "auto"
    reader: Literal["auto", "av", "decord"] = "auto"
    num_workers: Processes | None = None
    timeout_s: Above0 = 300
    num_shards: Count = 1
    shard_index: Amount | None = None
    only_merge: bool = False
