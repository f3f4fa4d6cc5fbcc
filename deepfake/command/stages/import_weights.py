"""The options of `scripts/import_weights.py`."""

from typing import Literal

from deepfake.command.stages.faces import FACES
from deepfake.command.stages.groups import PATHS
from deepfake.command.stages.networks import MODEL, REPRESENTATION
from deepfake.config.check import Each, Group
from deepfake.ranges import PathName

OPTIONS = Group(
    {
        "paths": Group({**PATHS.options, "output_dir": PathName | None}),
        "faces": FACES,
        "representation": REPRESENTATION,
        "models": Each(MODEL),
        "format": Literal["mesonet", "v1"],
        "weights": PathName,
        "output": PathName,
    }
)
