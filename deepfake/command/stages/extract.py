"""The options of `scripts/extract.py`."""

from deepfake.command.stages.faces import EXTRACT, FACES
from deepfake.command.stages.groups import PATHS, data
from deepfake.config.check import Group
from deepfake.ranges import Device

OPTIONS = Group({"paths": PATHS, "device": Device, "extract": EXTRACT, "faces": FACES, "data": data()})
