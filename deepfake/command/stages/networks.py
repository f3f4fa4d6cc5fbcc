"""Groups of options of a detector, and of what it is shown."""

from typing import Literal

from deepfake.config.check import Built, Group
from deepfake.data.datamodule import ClipDataModule
from deepfake.models.detector import Detector
from deepfake.options import types_of
from deepfake.ranges import PathName

# Weights to start from are the run's to load.
MODEL = Built(Detector, extra={"weights": PathName | None})
REPRESENTATION = Group({name: types_of(Detector)[name] for name in ("clip_length", "frame_stride")})

_GIVEN = ("videos", "store", "spec", "augment", "seed", "main_track", "main_face")  # by the run
LOADER = {name: kind for name, kind in types_of(ClipDataModule).items() if name not in _GIVEN}
# Where nothing is trained, no epoch is drawn and no clip is read twice, so these options would do nothing.
SCORING_LOADER = Group(
    {
        "batch_size": LOADER["batch_size"],
        "eval_clips_per_video": LOADER["eval_clips_per_video"] | Literal["checkpoint"],
        "num_workers": LOADER["num_workers"],
    }
)
