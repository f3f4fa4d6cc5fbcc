"""Option groups of a detector and of its input."""

from typing import Literal

from deepfake.config.check import Built, Group
from deepfake.data.datamodule import ClipDataModule
from deepfake.models.detector import Detector
from deepfake.options import types_of
from deepfake.ranges import PathName

# The run loads the weights, not the constructor.
MODEL = Built(Detector, extra={"weights": PathName | None})
REPRESENTATION = Group({name: types_of(Detector)[name] for name in ("clip_length", "frame_stride", "layout")})

_CLIPS = types_of(ClipDataModule)
LOADER = Group({name: _CLIPS[name] for name in ("batch_size", "num_workers", "cache", "cache_dir")})
SAMPLING = Group({name: _CLIPS[name] for name in ("clips_per_video", "balance", "eval_clips_per_track")})
# Without training, no epoch is drawn and no clip is read twice, so the other options would have no effect.
SCORING_LOADER = Group({name: _CLIPS[name] for name in ("batch_size", "num_workers")})
SCORING_SAMPLING = Group({"eval_clips_per_track": _CLIPS["eval_clips_per_track"] | Literal["checkpoint"]})
