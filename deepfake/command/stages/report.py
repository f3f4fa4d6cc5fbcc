"""The options of `scripts/report.py`."""

from deepfake.command.stages.groups import PATHS
from deepfake.config.check import Group
from deepfake.ranges import PathName

OPTIONS = Group({"paths": PATHS, "runs": list[PathName]})
