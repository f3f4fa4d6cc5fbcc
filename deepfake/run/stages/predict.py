"""The options of `scripts/predict.py`."""

from typing import Literal

from deepfake.ranges import PathName
from deepfake.run.check import Group
from deepfake.run.stages.faces import CARRIED_FACES, EXTRACT
from deepfake.run.stages.groups import PATHS
from deepfake.run.stages.networks import SCORING_LOADER
from deepfake.schema import Tracks

OPTIONS = Group(
    {
        "paths": PATHS,
        "extract": EXTRACT,
        "loader": SCORING_LOADER,
        "faces": CARRIED_FACES,
        "checkpoint": PathName,
        "input": PathName,
        "tracks": Tracks | Literal["checkpoint"],
        "output": PathName,
    },
    optional=("faces",),
)
