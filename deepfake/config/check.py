"""Checks a composed config before anything is read or written: each option against the type of what takes it.

Constructors and functions have the types, choices and ranges; `deepfake.command.stages` says which of them takes what,
in these terms:

    Built      a node with `_target_`: its keys and values are those of the class's constructor, and so on for its parts
    Group      a node without `_target_`: options by name
    Each       a node with any names, whose values are all of one kind
    OneOf      a node that is of the first kind if it has a `_target_`, and otherwise of the second
    a type     a value
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from deepfake.config.foreign import foreign_types
from deepfake.errors import ConfigError
from deepfake.options import Parameter, fault, fits, parameters, shown, unknown_option, words

_HYDRA_KEYS = ("_target_", "_partial_", "_args_", "_convert_", "_recursive_")
# What a part that lacks `_partial_` is given when a detector is built.
_FIRST = {
    "model.temporal": ", the number of features, comes from the backbone",
    "model.head": ", the number of features, comes from the temporal module",
}
_LINK = re.compile(r"\$\{(\.*)([A-Za-z_][\w.]*)\}")  # a value that only refers to another option


@dataclass(frozen=True)
class Built:
    """A node with `_target_`.

    Attributes:
        kind: the class of what is built, or `Callable[..., class]` where the run makes a last call (`_partial_`).
        given: parameters that the run passes itself.
        types: types that differ in a config from the constructor's, since the run handles these parameters first.
        extra: options that the constructor does not take, with their types.
    """

    kind: Any
    given: tuple[str, ...] = ()
    types: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """A node without `_target_`.

    Attributes:
        options: name -> kind.
        optional: names that may be missing.
        links: whether the node may have options that only its other options refer to (`root: ${data.root}`).
    """

    options: Mapping[str, Any]
    optional: tuple[str, ...] = ()
    links: bool = False


@dataclass(frozen=True)
class Each:
    """A node whose values are all of one kind."""

    kind: Any


@dataclass(frozen=True)
class OneOf:
    """A node that may have either of two forms."""

    built: Built
    group: Group


def check_options(cfg: DictConfig, stage: Group) -> None:
    """Stop unless every option of a composed config is known and has a valid value.

    Args:
        cfg: the whole config.
        stage: what it consists of.

    Raises:
        ConfigError: options are wrong; one line names all of them.
    """
    try:
        values: Any = OmegaConf.to_container(cfg, resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'the config'}: {str(error).splitlines()[0]}") from error
    if found := faults(values, stage, "", OmegaConf.to_container(cfg, resolve=False)):
        raise ConfigError("; ".join(found))


def faults(values: Any, kind: Any, name: str, raw: Any = None) -> list[str]:
    """List what is wrong with the options of a node, one line each.

    Args:
        values: plain data, without interpolations.
        kind: what the node is.
        name: the node's name; empty for a whole config.
        raw: the whole config with its interpolations, if it has any.
    """
    found: dict[str, str] = {}
    for option, line in _Walk(raw).faults(values, kind, name):
        found.setdefault(option, line)
    return list(found.values())


Fault = tuple[str, str]  # the option's name, and a line that says what is wrong with it


class _Walk:
    """Walks through a config and names its options as the command line does.

    Args:
        raw: the config with its interpolations.
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def faults(self, value: Any, kind: Any, name: str) -> Iterator[Fault]:
        """Yield all faults of a node and of what it contains."""
        if isinstance(kind, OneOf):
            kind = kind.built if isinstance(value, dict) and "_target_" in value else kind.group
        if isinstance(kind, Each):
            kind = Group(dict.fromkeys(value, kind.kind) if isinstance(value, dict) else {})
        match kind:
            case Built():
                yield from self._built(value, kind, name)
            case Group():
                yield from self._group(value, kind, name)
            case _ if _is_part(kind) or (isinstance(value, dict) and ("_target_" in value or not words(kind))):
                yield from self._built(value, Built(kind), name)
            case _:
                name = self._source(name)
                if line := fault(name, value, kind):
                    yield name, line

    def _group(self, value: Any, kind: Group, name: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield (
                name,
                f"{name} is {shown(value)}: choose one of this group's files, or set its options",
            )
            return
        owner = name or "this command"
        linked = set(_links(self._at(name))) if kind.links else set()
        for key in value:
            if key not in kind.options and _joined(name, key) not in linked:
                yield self._unknown(name, key, [*kind.options], owner)
        for key, inside in kind.options.items():
            if key in value:
                yield from self.faults(value[key], inside, _joined(name, key))
            elif key not in kind.optional:
                yield _joined(name, key), f"{_joined(name, key)} is missing: set it"

    def _built(self, value: Any, kind: Built, name: str) -> Iterator[Fault]:
        if not isinstance(value, dict) or "_target_" not in value:
            yield name, f"{name} is {shown(value)}: choose one of this group's files (--help names them)"
            return
        target = value["_target_"]
        try:
            found = get_object(target)
            known = parameters(found)
        except Exception as error:  # importing the module may raise anything
            yield name, f"{name}._target_ is {shown(target)}: it cannot be imported ({_cause(error)})"
            return
        partial = value.get("_partial_", False)
        if not isinstance(partial, bool):
            yield name, f"{name}._partial_ is {shown(partial)}: give true or false"
        elif "_partial_" not in value and get_origin(kind.kind) is Callable:
            yield name, f"{name} lacks _partial_: true: its first argument{_FIRST.get(name, ' comes from the run')}"
        elif partial != (get_origin(kind.kind) is Callable):
            yield name, f"{name}._partial_ is {shown(partial)}: give {shown(not partial)}"
        elif not _makes(found, kind.kind):
            yield name, f"{name}._target_ is {shown(target)}: it must be of type {_name_of(kind.kind)}"
        else:
            yield from self._arguments(value, found, _settable(found, known, kind), partial, name)

    def _arguments(
        self, value: Mapping[str, Any], found: Any, known: Mapping[str, Parameter], partial: bool, name: str
    ) -> Iterator[Fault]:
        for key in value:
            if key not in known and key not in _HYDRA_KEYS:
                yield self._unknown(name, key, [*known], found.__name__)
        for key, parameter in known.items():
            if key in value:
                yield from self.faults(value[key], parameter.type, _joined(name, key))
            elif parameter.required and not partial:
                yield _joined(name, key), f"{_joined(name, key)} is missing: {found.__name__} needs it"

    def _unknown(self, name: str, key: str, known: list[str], owner: str) -> Fault:
        full = _joined(name, str(key))
        return full, unknown_option(full, [_joined(name, other) for other in known], owner)

    def _at(self, name: str) -> Any:
        """Return what the config with its interpolations has at a place; None if it has nothing there."""
        node = self.raw
        for key in filter(None, name.split(".")):
            node = node.get(key) if isinstance(node, dict) else None
        return node

    def _source(self, name: str) -> str:
        """Follow links to the option that this one takes its value from, which is the one that people set."""
        for _ in range(10):
            link = _LINK.fullmatch(str(self._at(name)))
            if link is None:
                break
            name = _joined(".".join(name.split(".")[: -len(link[1])]) if link[1] else "", link[2])
        return name


def _cause(error: BaseException) -> str:
    """Name the first cause of an error: Hydra's own message ends before it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(f"{type(error).__name__}: {error}".split())


def _settable(found: Any, known: Mapping[str, Parameter], kind: Built) -> dict[str, Parameter]:
    """Return the parameters that a config can set."""
    if get_origin(kind.kind) is Callable:
        known = {name: parameter for name, parameter in known.items() if name not in _positional(kind.kind, known)}
    types = {**foreign_types(found), **kind.types}
    settable = {
        name: Parameter(types.get(name, parameter.type), parameter.default)
        for name, parameter in known.items()
        if name not in kind.given
    }
    return {**settable, **{name: Parameter(type_, None) for name, type_ in kind.extra.items()}}


def _is_part(kind: Any) -> bool:
    """Return whether only a built object can be of this type."""
    return get_origin(kind) is Callable or (isinstance(kind, type) and not fits(None, kind) and not words(kind))


def _positional(kind: Any, known: Mapping[str, Parameter]) -> list[str]:
    """Return the names of the parameters that are passed when a partial is called: the first ones, in order."""
    arguments = get_args(kind)[0]
    return [*known][: 1 if arguments is Ellipsis else len(arguments)]


def _makes(found: Any, kind: Any) -> bool:
    """Return whether the last call of a target returns the wanted kind."""
    kind = get_args(kind)[1] if get_origin(kind) is Callable else kind
    made = found if isinstance(found, type) else _returned(found)
    return isinstance(made, type) and (not isinstance(kind, type) or issubclass(made, kind))


def _returned(function: Callable[..., Any]) -> Any:
    try:
        return get_type_hints(function).get("return")
    except (NameError, TypeError):  # its annotations cannot be resolved
        return None


def _name_of(kind: Any) -> str:
    return str(getattr(get_args(kind)[1] if get_origin(kind) is Callable else kind, "__name__", kind))


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else str(key)


def _links(node: Any) -> Iterator[str]:
    """Yield the options that values in a node refer to."""
    if isinstance(node, dict):
        for value in node.values():
            yield from _links(value)
    elif link := _LINK.fullmatch(str(node)):
        yield link[2]
