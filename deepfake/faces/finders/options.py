"""The options of a finder, read off its constructor: complete, of the right types, and no others."""

import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

from deepfake.errors import ConfigError
from deepfake.faces.finders.finder import Finder
from deepfake.faces.typed import typed

ELSEWHERE = ("device", "weights")  # where it runs and where a file lies are facts about a machine


def complete_options(finder: type[Finder], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every option with its value, in the order of the constructor.

    Args:
        finder: its class.
        given: plain data; those that are not given have their defaults.

    Raises:
        ConfigError: an option is unknown, of another type, or beyond what makes sense for any finder: what is counted
            or measured in pixels is 1 or more, and scores and overlaps are from 0 to 1.
    """
    parameters = {k: v for k, v in inspect.signature(finder).parameters.items() if k not in ELSEWHERE}
    for name in given:
        if name not in parameters:
            raise ConfigError(
                f"faces.finder.{name} is no option of {finder.__name__}: its options are {', '.join(parameters)}"
            )
    kinds = get_type_hints(finder.__init__)
    options = {name: given.get(name, parameter.default) for name, parameter in parameters.items()}
    options = {name: typed(f"faces.finder.{name}", value, kinds[name]) for name, value in options.items()}
    for name, value in options.items():
        for number in value if isinstance(value, list) else [value]:
            if type(number) is int and number < 1:
                raise ConfigError(f"faces.finder.{name} is {value}: give 1 or more")
            if type(number) is float and not 0 <= number <= 1:
                raise ConfigError(f"faces.finder.{name} is {value}: give numbers from 0 to 1")
    return options
