"""Check the values of options against the types of the constructor parameters that take them.

Values are plain data from a config or a checkpoint's card. They are refused rather than cast: 2.5 is not a whole
number, "abc" and true are not numbers, and infinity is refused. An int may stand for a float, and a list for a tuple.
"""

import inspect
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cache
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from deepfake.errors import ConfigError
from deepfake.ranges import LARGEST

REQUIRED = inspect.Parameter.empty
_PLAIN = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", Path: "a path"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function or constructor.

    Attributes:
        type: the annotation; Any if there is none.
        default: the default value; `REQUIRED` if there is none.
    """

    type: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether the parameter has no default."""
        return self.default is REQUIRED

    @property
    def or_null(self) -> Any:
        """The default; None if there is none, which the type check then refuses."""
        return None if self.required else self.default


@cache
def parameters(function: Callable[..., Any]) -> dict[str, Parameter]:
    """Return the parameters of a function, or of a class's constructor, that can be given by name."""
    hints = _hints(function.__init__ if isinstance(function, type) else function)  # type: ignore[misc]
    return {
        name: Parameter(hints.get(name, Any), parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    }


def types_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the type of each parameter by name."""
    return {name: parameter.type for name, parameter in parameters(function).items()}


def _hints(function: Any) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError:  # another library imports the name for type checkers only
        return {}


def fault(name: str, value: Any, kind: Any) -> str | None:
    """Return what is wrong with an option's value, in one line; None if nothing is.

    Args:
        name: the option, as on the command line.
        value: plain data.
        kind: the option's type.

    Example:
        >>> fault("faces.margin", -1, Annotated[float, FieldInfo(gt=0)])
        'faces.margin is -1: give a number above 0'
        >>> fault("model.shape", "circle", Literal["square", "box"] | None)
        "model.shape is 'circle': choose one of square, box, or null"
    """
    if fits(value, kind):
        return None
    wanted = words(kind) or "another value"
    verb = "choose" if wanted.startswith("one of") else "give"
    number = isinstance(value, int | float) and not isinstance(value, bool) and fits(str(value), kind)
    as_text = f" (as text: \"{name}='{value}'\")" if number else ""  # Hydra reads a folder named 2024 as a number
    return f"{name} is {shown(value)}: {verb} {wanted}{as_text}"


def fits(value: Any, kind: Any) -> bool:
    """Return whether plain data is of a type."""
    try:
        _read(value, kind)
    except ValidationError:
        return False
    except PydanticUserError:  # another library's type, which pydantic cannot check
        return True
    return True


def typed(prefix: str, values: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values converted to their types: an int to a float where one is wanted, and a list to a tuple.

    Args:
        prefix: what the options' names begin with, such as `faces`.
        values: plain data, by name.
        kinds: the types, by name.

    Raises:
        ConfigError: values are of another type or out of range; the message names all of them.
    """
    found = (fault(f"{prefix}.{name}", value, kinds[name]) for name, value in values.items())
    if faults := [*filter(None, found)]:
        raise ConfigError("; ".join(faults))
    return {name: _read(value, kinds[name]) for name, value in values.items()}


def _read(value: Any, kind: Any) -> Any:
    """Validate a value as JSON, where a list can become a tuple and a string a path, and nothing else is cast."""
    if isinstance(value, str) and not value.isascii():  # a path may hold bytes that are not valid text
        text = value.encode(errors="replace").decode()
        found = _adapter(kind).validate_json(json.dumps(text))
        return value if found == text else found
    return _adapter(kind).validate_json(json.dumps(value, default=str))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind, config=_PLAIN)


def unknown_option(name: str, names: Iterable[str], owner: str) -> str:
    """Return a message that an option is unknown, with the names most like it, or else all names.

    Example:
        >>> unknown_option("faces.finder.maxsize", ["faces.finder.max_size", "faces.finder.thresholds"], "Mtcnn")
        'Mtcnn has no option faces.finder.maxsize; did you mean faces.finder.max_size?'
    """
    names = sorted(names)
    found = near(name, names)
    if found:
        hint = f"did you mean {' or '.join(found)}?"
    else:
        hint = f"its options are {', '.join(names)}" if names else "it has no options"
    return f"{owner} has no option {name}; {hint}"


def near(name: str, names: Iterable[str]) -> list[str]:
    """Return up to three of the names that resemble one, best first; the last part of a name counts most.

    Example:
        >>> near("root", ["device", "seed", "data.root"]), near("zzz", ["seed"])
        (['data.root'], [])
        >>> near("devices", ["device", "trainer.devices"]), near("epochs", ["seed", "trainer.max_epochs"])
        (['device', 'trainer.devices'], ['trainer.max_epochs'])
    """
    alike = {other: _likeness(name, other) for other in names if not name.startswith(f"{other}.")}
    likest = max(alike.values(), default=0.0)
    found = [other for other, likeness in alike.items() if likeness >= max(0.7, likest - 0.12)]
    return sorted(found, key=lambda other: -alike[other])[:3]


def _likeness(name: str, other: str) -> float:
    """Return the likeness of two names, from 0 to 1."""
    (group, _, last), (other_group, _, other_last) = name.rpartition("."), other.rpartition(".")
    # A name without a group may be meant for any group, and one without its first word for a longer name.
    in_group = SequenceMatcher(None, group, other_group).ratio() if group or not other_group else 0.7
    in_last = SequenceMatcher(None, last, other_last).ratio()
    if len(last) > 3 and set(last.split("_")) <= set(other_last.split("_")):
        in_last = max(in_last, 0.9)
    return 0.25 * in_group + 0.75 * in_last


def shown(value: Any) -> str:
    """Return a value as it is written on a command line, with quotes around strings.

    Example:
        >>> shown(None), shown([1, True]), shown("a b")
        ('null', '[1, true]', "'a b'")
    """
    return shorten(_shown(value), 60, placeholder=" ...")


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_shown(each)}' for key, each in value.items())}}}"
    return repr(value)


def words(kind: Any) -> str:
    """Describe in words what may be given for a type; empty if no command line can give it.

    Example:
        >>> words(tuple[float, float] | None), words(Annotated[int, FieldInfo(ge=1, le=100)])
        ('a list of 2, each a number, or null', 'a whole number from 1 to 100')
    """
    fields: list[FieldInfo] = []
    while get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        fields += [field for field in more if isinstance(field, FieldInfo)]
    described = [field.description for field in fields if field.description]
    if described:
        return described[0]
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        either = dict.fromkeys(filter(None, (words(each) for each in inside if each is not type(None))))
        return " or ".join(either) + ", or null" * (type(None) in inside and bool(either))
    if origin is Literal:
        return f"one of {', '.join(map(str, inside))}" if len(inside) > 1 else str(inside[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(each.value) for each in kind)}"
    if origin is tuple and Ellipsis not in inside:
        return f"a list of {len(inside)}, each {words(inside[0])}"
    if isinstance(origin, type) and issubclass(origin, Sequence | Iterable) and not issubclass(origin, Mapping):
        bounds = _bounds(fields, "min_length", "max_length")
        least, most = bounds.get("min_length"), bounds.get("max_length")
        number = "" if least is None else f" of {least}" if least == most else f" of {least} or more"
        return f"a list{number}, each {words(inside[0])}"
    if origin is dict:
        return f"a mapping to {words(inside[1])}"
    return _WORDS.get(kind, "null" if kind in (None, type(None)) else "") + _range(fields)


def _range(fields: Sequence[FieldInfo]) -> str:
    """Describe a range: ` from 0 to 1`, `, 1 or more`, ` above 0`."""
    bounds = _bounds(fields, "ge", "gt", "le", "lt")
    match {name: value for name, value in bounds.items() if abs(value) < LARGEST}:
        case {"ge": low, "le": high}:
            return f" from {low} to {high}"
        case {"gt": low, "le": high}:
            return f" above {low}, {high} at most"
        case {"ge": low, "lt": high}:
            return f" from {low} to below {high}"
        case {"gt": low, "lt": high}:
            return f" above {low} and below {high}"
        case {"ge": low}:
            return f", {low} or more"
        case {"gt": low}:
            return f" above {low}"
        case {"le": high}:
            return f", {high} at most"
    return ""


def _bounds(fields: Sequence[FieldInfo], *names: str) -> dict[str, Any]:
    known = [(at, name) for field in fields for at in field.metadata for name in names]
    return {name: getattr(at, name) for at, name in known if hasattr(at, name)}
