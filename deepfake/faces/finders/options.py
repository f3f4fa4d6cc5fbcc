"""The options of a finder, read off its constructor: complete, of the right types, and no others."""

from collections.abc import Mapping
from typing import Any

from deepfake.errors import ConfigError
from deepfake.faces.finders.finder import Finder
from deepfake.options import parameters, typed, types_of, unknown_option

ELSEWHERE = ("device", "weights")  # where it runs and where a file lies are facts about a machine


def complete_options(finder: type[Finder], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every option with its value, in the order of the constructor, as plain data.

    Args:
        finder: its class.
        given: plain data; those that are not given have their defaults.

    Raises:
        ConfigError: an option is unknown, of another type, or out of its range.
    """
    known = {name: parameter for name, parameter in parameters(finder).items() if name not in ELSEWHERE}
    for name in given:
        if name not in known:
            names = [f"faces.finder.{other}" for other in known]
            raise ConfigError(unknown_option(f"faces.finder.{name}", names, finder.__name__))
    values = {name: given.get(name, parameter.or_null) for name, parameter in known.items()}
    options = typed("faces.finder", values, types_of(finder))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}
