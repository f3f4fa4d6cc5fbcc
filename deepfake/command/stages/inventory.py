"""The options of `scripts/inventory.py`."""

from deepfake.command.stages.groups import PATHS, data
from deepfake.config.check import Group

OPTIONS = Group(
    {
        "paths": PATHS,
        "data": data(),
        "verbose": bool,
        "content": bool,
    }
)
