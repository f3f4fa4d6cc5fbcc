"""The options of `scripts/predict.py`."""

from typing import Literal

from deepfake.command.stages.faces import CARRIED_FACES, EXTRACT
from deepfake.command.stages.groups import PATHS
from deepfake.command.stages.networks import SCORING_LOADER, SCORING_SAMPLING
from deepfake.config.check import Group
from deepfake.ranges import Aggregate, Count, Device, PathName, Paths
from deepfake.schema import Tracks

OPTIONS = Group(
    {
        "paths": PATHS,
        "device": Device,
        "extract": EXTRACT,
        "sampling": SCORING_SAMPLING,
        "loader": SCORING_LOADER,
        "faces": CARRIED_FACES,
        "checkpoint": PathName | Paths,
        "backbone_weights": PathName | None,
        "input": PathName | Paths,
        "merge": PathName | Paths | None,
        "tracks": Tracks | Literal["checkpoint"],
        "aggregate": Aggregate | Literal["checkpoint"],
        "calibration": PathName | None,
        "output": PathName,
        "dense": bool,
        "window_hop": Count | None,
        "explain": bool,
        "annotate": bool,
        "overwrite": bool,
    },
    optional=("faces",),
)
