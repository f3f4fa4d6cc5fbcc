"""Options as their types want them. What a user or a stranger's checkpoint gives is refused rather than cast."""

from textwrap import shorten
from types import NoneType
from typing import Any, get_args, get_origin

from deepfake.errors import ConfigError

WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
LARGEST = 1e12  # no option of ours comes near it; neither is infinity below it, nor what is no number


def typed(key: str, value: Any, kind: Any) -> Any:
    """The value of an option, a whole number as a float where one is wanted.

    Args:
        key: the option, for people.
        value: plain data.
        kind: bool, int, float, str, one of them or None, or a tuple of them, for which a list is given and comes back.

    Raises:
        ConfigError: the value is of another kind.

    Example:
        >>> typed("faces.margin", 1, float), typed("faces.num_segments", 2.5, int)
        Traceback (most recent call last):
        deepfake.errors.ConfigError: faces.num_segments is 2.5: give a whole number
    """
    if NoneType in get_args(kind):
        if value is None:
            return None
        (kind,) = (other for other in get_args(kind) if other is not NoneType)
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if not isinstance(value, list | tuple) or len(value) != len(kinds):
            raise ConfigError(f"{key} is {_shown(value)}: give a list of {len(kinds)}")
        return [typed(key, each, each_kind) for each, each_kind in zip(value, kinds, strict=True)]
    fits = type(value) is kind or (kind is float and type(value) is int)  # True is no whole number
    if not fits or (kind in (int, float) and not abs(value) < LARGEST):
        raise ConfigError(f"{key} is {_shown(value)}: give {WORDS[kind]}")
    return kind(value)


def _shown(value: Any) -> str:
    return "null" if value is None else shorten(repr(value), 60, placeholder=" ...")
