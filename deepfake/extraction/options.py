"""How faces are extracted; nothing here changes what is stored."""

from dataclasses import dataclass
from typing import Literal

from deepfake.ranges import Above0, Amount, Count, Device, Processes


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """The config group `extract`, and the device that the finder runs on.

    Attributes:
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        reader: of video: `auto` (PyAV, and once more beside decord where it hangs or dies), `av` or `decord`.
        num_workers: processes that decode and detect; None is one a core, and eight at most on a GPU.
        timeout_s: seconds after which a video is given up.
        num_shards: parts of the corpus.
        shard_index: the part that this run extracts, in [0, num_shards); None is all of it.
        only_merge: build the tables from what is there, and extract nothing.
    """

    device: Device = "auto"
    reader: Literal["auto", "av", "decord"] = "auto"
    num_workers: Processes | None = None
    timeout_s: Above0 = 300
    num_shards: Count = 1
    shard_index: Amount | None = None
    only_merge: bool = False
