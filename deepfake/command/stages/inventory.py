"""The options of `scripts/inventory.py`."""

from typing import Any

from deepfake.command.stages.groups import PATHS, data
from deepfake.config.check import Group

OPTIONS = Group(
    {
        "paths": PATHS,
        "faces": Any,  # is not used, and to look at it would take seconds of imports
        "data": data(),
        "verbose": bool,
        "content": bool,
    }
)
