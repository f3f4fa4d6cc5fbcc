"""The options of `scripts/export.py`."""

from typing import Annotated, Literal

from pydantic import Field

from deepfake.command.stages.groups import PATHS
from deepfake.config.check import Group
from deepfake.ranges import PathName, Paths

_Format = Literal["onnx", "torch_export", "safetensors"]
_Formats = Annotated[list[_Format], Field(min_length=1, description="a list of formats")]
_Repository = Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$", max_length=96, description="owner/name")]

OPTIONS = Group(
    {
        "paths": PATHS,
        "checkpoint": PathName,
        "backbone_weights": PathName | None,
        "format": _Format | _Formats,
        "output": PathName,
        "runs": Paths | None,
        "push_to_hub": _Repository | None,
        "private": bool,
    }
)
