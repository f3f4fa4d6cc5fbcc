"""The options of `scripts/import_weights.py`."""

from typing import Literal

from deepfake.ranges import PathName
from deepfake.run.check import Each, Group
from deepfake.run.stages.faces import FACES
from deepfake.run.stages.groups import PATHS
from deepfake.run.stages.networks import MODEL, REPRESENTATION

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
