"""The options of `scripts/evaluate.py`."""

from typing import Annotated, Literal

from pydantic import Field

from deepfake.command.stages.faces import CARRIED_FACES, EXTRACT
from deepfake.command.stages.groups import PATHS, data
from deepfake.command.stages.networks import SCORING_LOADER, SCORING_SAMPLING
from deepfake.config.check import Group
from deepfake.distort.choice import chosen_distortions
from deepfake.evaluation import Columns, Missing, Scores
from deepfake.options import types_of
from deepfake.ranges import Aggregate, Device, PathName, Share
from deepfake.schema import MainFace, Split, Tracks

_WORDS = "16 digits, 0 to 9 and a to f, in quotes: \"expect_fingerprint='...'\""  # some would be read as numbers
_Fingerprint = (
    Annotated[str, Field(pattern="^[0-9a-f]{16}$", description=_WORDS)]
    | Annotated[int, Field(ge=10**15, lt=10**16, description=_WORDS)]
)
# A config gives null as None; the word in quotes means the same, as does a shell's that keeps them.
_Audit = Annotated[Literal["none", "null"] | None, Field(description="none or null")]
_Checkpoints = Annotated[list[PathName], Field(min_length=1, description="a list of paths")]

OPTIONS = Group(
    {
        "paths": PATHS,
        "device": Device,
        "extract": EXTRACT,
        "sampling": SCORING_SAMPLING,
        "loader": SCORING_LOADER,
        "faces": CARRIED_FACES,
        "data": data(Tracks | Literal["checkpoint"], MainFace | Literal["checkpoint"]),
        "checkpoint": PathName | _Checkpoints | None,
        "combine": bool,
        "predictions": PathName | None,
        "columns": Group(types_of(Columns)),
        "scores": Scores,
        "aggregate": Aggregate | Literal["checkpoint", "best"],
        "missing": Missing,
        "calibration": PathName | None,
        "min_coverage": Share,
        "backbone_weights": PathName | None,
        "split": Split,
        "audit": _Audit,
        "expect_fingerprint": _Fingerprint | None,
        **types_of(chosen_distortions),
    },
    optional=("faces",),
)
