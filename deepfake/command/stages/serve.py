"""The options of `scripts/serve.py`."""

from typing import Literal

from deepfake.app.limits import Limits
from deepfake.command.stages.faces import EXTRACT
from deepfake.command.stages.groups import PATHS
from deepfake.config.check import Group
from deepfake.options import types_of
from deepfake.ranges import Aggregate, Device, PathName, Paths, Port, Word
from deepfake.schema import Tracks

OPTIONS = Group(
    {
        "paths": PATHS,
        "extract": EXTRACT,
        "checkpoint": PathName | Paths,
        "backbone_weights": PathName | None,
        "tracks": Tracks | Literal["checkpoint"],
        "aggregate": Aggregate | Literal["checkpoint"],
        "calibration": PathName | None,
        "explain": bool,
        "device": Device,
        "host": Word,
        "port": Port | None,
        **types_of(Limits),
    }
)
