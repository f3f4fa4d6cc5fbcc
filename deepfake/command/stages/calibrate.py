"""The options of `scripts/calibrate.py`."""

from typing import Literal

from deepfake.calibration import CalibrationMethod
from deepfake.command.stages.evaluate import OPTIONS as EVALUATE
from deepfake.config.check import Group
from deepfake.evaluation import Weights
from deepfake.ranges import Aggregate, PathName, Paths, Prior

_AS_EVALUATE = (
    *("paths", "device", "extract", "sampling", "loader", "faces", "data", "predictions", "columns", "scores"),
    *("min_coverage", "backbone_weights", "split", "expect_fingerprint"),
)

OPTIONS = Group(
    {
        **{name: EVALUATE.options[name] for name in _AS_EVALUATE},
        "checkpoint": PathName | Paths | None,
        "method": CalibrationMethod,
        "prior": Prior,
        "aggregate": Aggregate | Literal["checkpoint"],
        "output": PathName | None,
        "weights": Weights,
    },
    optional=("faces",),
)
