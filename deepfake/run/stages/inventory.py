"""The options of `scripts/inventory.py`."""

from typing import Any

from deepfake.run.check import Group
from deepfake.run.stages.groups import PATHS, data

OPTIONS = Group(
    {
        "paths": PATHS,
        "faces": Any,  # is not used, and to look at it would take seconds of imports
        "data": data(),
        "verbose": bool,
        "content": bool,
    }
)
