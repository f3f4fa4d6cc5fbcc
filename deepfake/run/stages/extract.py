"""The options of `scripts/extract.py`."""

from deepfake.run.check import Group
from deepfake.run.stages.faces import EXTRACT, FACES
from deepfake.run.stages.groups import PATHS, data

OPTIONS = Group({"paths": PATHS, "extract": EXTRACT, "faces": FACES, "data": data()})
