"""How faces are extracted; nothing here changes what is stored."""

from dataclasses import dataclass
from typing import Literal

from deepfake.ranges import Above0, Amount, Count, Device, Processes


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """The config group `extract`, and the device that the finder runs on.

    Attributes:
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        reader: video reader, `auto` (PyAV, and once more beside decord where it hangs or dies), `av` or `decord`.
        num_workers: processes that decode and detect; None means one per core, and at most eight on a GPU.
        timeout_s: seconds after which a video is given up.
        num_shards: number of parts that the corpus is divided into.
        shard_index: the part that this run extracts, in [0, num_shards); None means all of it.
        only_merge: whether to extract nothing, and build the tables from what is there.
    """

    device: Device = "auto"
    reader: Literal["auto", "av", "decord"] = "auto"
    num_workers: Processes | None = None
    timeout_s: Above0 = 300
    num_shards: Count = 1
    shard_index: Amount | None = None
    only_merge: bool = False
