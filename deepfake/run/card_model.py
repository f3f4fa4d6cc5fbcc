"""The model in a card against the constructors that it names: every option known, of its type, and none missing."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any, get_origin, get_type_hints

from hydra.utils import get_object
from pydantic import ConfigDict, TypeAdapter, ValidationError

from deepfake.errors import CheckpointError

_STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True)
_OF_HYDRA = ("_target_", "_partial_")


def check_model(node: Mapping[str, Any], path: Path, name: str = "model") -> None:
    """See that a config fits the signature of the class it names, and so does every config in it.

    Args:
        node: whose `_target_`s have been checked.
        path: of the checkpoint.
        name: of the config, for people.

    Raises:
        CheckpointError: the first option that does not fit, by its name.
    """
    kind: Any = get_object(node["_target_"])
    partial = node.get("_partial_", False)
    if type(partial) is not bool:
        raise CheckpointError(f"{path} has a card whose {name}._partial_ is {partial!r}: it should be true or false")
    parameters = inspect.signature(kind).parameters
    hints = get_type_hints(kind.__init__, include_extras=True)
    for option in node:
        if option not in parameters and option not in _OF_HYDRA:
            raise CheckpointError(f"{path} has a card whose {name}.{option} is no option of {kind.__name__}")
    for option, parameter in parameters.items():
        if option in node:
            _check_option(node[option], hints.get(option, Any), f"{name}.{option}", path)
        elif parameter.default is inspect.Parameter.empty and not partial:
            raise CheckpointError(f"{path} has a card without {name}.{option}, which {kind.__name__} needs")


def _check_option(value: Any, hint: Any, name: str, path: Path) -> None:
    if isinstance(value, dict) and "_target_" in value:
        check_model(value, path, name)
        kind: Any = get_object(value["_target_"])
        made = get_origin(hint) is Callable if value.get("_partial_") else isinstance(hint, type)
        if not made or (isinstance(hint, type) and not issubclass(kind, hint)):
            raise CheckpointError(f"{path} has a card whose {name} is {kind.__name__}, which is nothing for its place")
        return
    try:
        TypeAdapter(hint, config=_STRICT).validate_python(value)
    except ValidationError as error:
        said = error.errors()[0]["msg"].replace("Input should be", "it should be")
        shown = shorten(repr(value), 60, placeholder=" ...")
        raise CheckpointError(f"{path} has a card whose {name} is {shown}: {said}") from None
