"""Reports in one line what Hydra refuses while it composes a config, with existing names similar to a misspelt one."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import product, takewhile
from typing import Any

from hydra._internal import utils as hydra_internals
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deepfake.command.stopping import require_unstopped
from deepfake.options import near

_NOT_THERE = re.compile(r"Could not (?:override|delete from config\.) '?([^'\s]+)'", re.MULTILINE)

# What Optuna raises when its sweeper asks for the best trial, without and with a database.
_NO_TRIAL = ("No trials are completed yet.", "Record does not exist.")
_BARE = re.compile(r"[A-Za-z]\w*")
_SEVERAL = re.compile(r"Ambiguous value for argument '(([^'=]+)=(.*))'", re.MULTILINE)
_GIVEN_ALREADY = re.compile(r"Could not append to config\. An item is already at '([^']+)'")


@contextmanager
def mistakes_in_one_line(command: str) -> Iterator[None]:
    """Report inside the block what is wrong with a command's options in one line on stderr, with exit code 1.

    Args:
        command: the name of the command's config.
    """
    original = hydra_internals.run_and_report  # it prints Hydra's errors; Hydra has no public hook for this

    def run_and_report(func: Any) -> Any:
        def run() -> Any:
            try:
                return func()
            except (ConfigCompositionException, MissingConfigException, OverrideParseException) as error:
                require_unstopped()
                sys.exit(f"error: {explained(error, command)}")
            except ValueError as error:
                require_unstopped()
                if "optuna" in sys.modules and str(error) in _NO_TRIAL:
                    sys.exit("error: every trial of this search failed; its table says why")
                # Otherwise it may be Hydra's own check of what a group is set to.
                if "Config group override must be a string or a list" not in str(error):
                    raise
                sys.exit(f"error: {_no_name_of_a_choice()}")
            except Exception:
                require_unstopped()
                raise

        return original(run)

    hydra_internals.run_and_report = run_and_report
    try:
        yield
    finally:
        hydra_internals.run_and_report = original


def explained(error: HydraException, command: str) -> str:
    """Explain in one line what is wrong with the options of a command.

    Args:
        error: the error that Hydra raised; Hydra must still be initialized.
        command: the name of the command's config.
    """
    loader = GlobalHydra.instance().config_loader()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, MissingConfigException) and error.options is not None and error.missing_cfg_file:
        group, _, wanted = str(error.missing_cfg_file).rpartition("/")
        if (group, wanted) == ("hydra/sweeper", "optuna"):
            return "hydra/sweeper=optuna needs a plugin: uv sync --extra optuna, or pip install -e '.[optuna]'"
        if not wanted:
            return (
                f"{group}= names no choice; the choices are {', '.join(error.options)} (leave it out for the default)"
            )
        return f"{group} has no choice {wanted}; {_did_you_mean(near(wanted, error.options), error.options)}"
    if isinstance(error, OverrideParseException):
        if _BARE.fullmatch(str(error.override)):
            return _bare_word(str(error.override), loader, command)
        return _unreadable(str(error.override))
    if several := _SEVERAL.match(str(error)):
        given, name, values = several.groups()
        runs = f"give -m first for a run with each, as in -m {given}"
        return (
            f"{given} has several values: {runs}, or write a list, {name}=[{values}], or a text, \"{name}='{values}'\""
        )
    if already := _GIVEN_ALREADY.match(str(error)):
        return f"this command has the option {already[1]} already: give it without +"
    missing = _NOT_THERE.match(str(error))
    if missing is None:
        return " ".join(lines)
    name = missing[1].lstrip("+~")
    known = _names(loader, command, name)
    # A name with a slash is that of a group inside a group.
    names = [other for other in known if ("/" in other) == ("/" in name) and other != name]
    found = near(name.partition("@")[0], names)  # a group is written with its package only where that is another
    if inside := [other for other in known if other.startswith(f"{name}.")]:
        return f"{name} is no choice of this command; its options are {', '.join(inside)}"
    others = [other for other in _commands_with(name, loader) if other != command]
    if others:
        *first, last = (f"scripts/{other}.py" for other in others)
        scripts = " and ".join([*filter(None, [", ".join(first)]), last])
        return f"this command has no option {name}; {scripts} {'have' if others[1:] else 'has'} it"
    return f"this command has no option {name}; {_did_you_mean(found)} (--help shows all)"


def _commands_with(name: str, loader: ConfigLoader) -> list[str]:
    """Return the commands that have an option."""
    known = loader.get_group_options("", ObjectType.CONFIG)
    commands = [config for config in known if find_spec(f"deepfake.command.stages.{config}")]  # no yaml of a user
    return [command for command in commands if name in _options_of(command)]


@cache  # a process has one folder of configs
def _options_of(command: str) -> frozenset[str]:
    """Return the names of a command's options, without those of the nodes that hold them."""
    loader = GlobalHydra.instance().config_loader()
    try:
        cfg = loader.load_configuration(command, [], RunMode.RUN)
    except HydraException:  # it needs an option that has no default
        return frozenset()
    names = [*_keys(OmegaConf.to_container(cfg, resolve=False))]
    return frozenset(name for name in names if not any(other.startswith(f"{name}.") for other in names))


def _unreadable(option: str) -> str:
    """Explain an option whose value Hydra's parser cannot read."""
    cure = "put a value with spaces or signs in quotes, as in \"name='a value'\""
    if option.count("'") % 2 and option.count('"') % 2 == 0:
        why, cure = (
            "an apostrophe in it opens a quotation",
            "put such a value in double quotes, as in 'name=\"a value\"'",
        )
    elif option.count('"') % 2:
        why, cure = "a quotation in it is not closed", "close it"
    elif any(option.count(opening) != option.count(closing) for opening, closing in ("[]", "{}", "()")):
        why = "a bracket in it is not closed, or not opened"
        cure = f"close it, or {cure}"
    else:
        why = "its value is not in quotes"
    return f"{option} cannot be read as an option, since {why}: {cure}"


def _bare_word(word: str, loader: ConfigLoader, command: str) -> str:
    """Explain a word without `=`, which may be meant as a choice of a group or as the name of an option."""
    cfg = next(_configs(loader, command))
    groups = [name for name in map(str, cfg.hydra.runtime.choices) if not name.startswith("hydra")]
    choices = {group: loader.get_group_options(group.partition("@")[0]) for group in groups}
    meant = [f"{name}={word}" for name in groups if word in choices[name] and not (word == "checkpoint" not in cfg)]
    if command in cfg and not isinstance(cfg[command], bool):  # the option that scripts/benchmark.py is named after
        meant = [f"{command}={word}"]
    elif not meant and (word in cfg or word in groups):
        meant = [f"{word}=true" if isinstance(cfg.get(word), bool) else f"{word}=VALUE"]
    if word in ("help", "version", "multirun"):
        meant = [f"--{word}"]
    hint, given = _did_you_mean(meant), hydra_internals.get_args_parser().parse_known_args()[0].overrides
    at = given.index(word)
    name, is_option, value = given[at - 1].partition("=") if at else ("", "", "")
    if is_option and not meant and "," not in value:
        more = takewhile(lambda other: "=" not in other, given[at:])
        hint = f"a value with spaces stands in quotes, as in \"{name}='{' '.join([value, *more])}'\""
    return f"{word} is not of the form NAME=VALUE; {hint} (--help shows all)"


def _no_name_of_a_choice() -> str:
    """Explain a group that is set to null or to a number, which Hydra refuses without naming it."""
    loader, parser = GlobalHydra.instance().config_loader(), OverridesParser.create()
    for line in hydra_internals.get_args_parser().parse_known_args()[0].overrides:
        override = parser.parse_override(line)
        choices = loader.get_group_options(override.key_or_group)
        if choices and not isinstance(override.value(), str | list):
            return f"{line} names no choice; the choices are {', '.join(choices)} (leave it out for the default)"
    return "a group of options is set to something that is not the name of a choice (--help shows all)"


def _did_you_mean(found: Sequence[str], others: Sequence[str] = ()) -> str:
    if found:
        return f"did you mean {' or '.join(found)}?"
    return f"its choices are {', '.join(others)}" if others else "no option has a similar name"


def _names(loader: ConfigLoader, command: str, lacking: str) -> list[str]:
    """Return the names of options and groups in the first job's config that lacks a name."""
    names: list[str] = []
    for cfg in _configs(loader, command):
        groups, of_hydra = [*map(str, cfg.hydra.runtime.choices)], lacking.startswith("hydra.")
        options = [*_keys(OmegaConf.to_container(cfg, resolve=False))]
        names = [*(name for name in options if name.startswith("hydra.") == of_hydra and name != "hydra"), *groups]
        if lacking not in names:
            break
    return names


def _configs(loader: ConfigLoader, command: str) -> Iterator[DictConfig]:
    """Yield each job's config, composed from its choices of groups alone, such as `model=effnet`."""
    parser, choices = OverridesParser.create(), []
    for line in hydra_internals.get_args_parser().parse_known_args()[0].overrides:
        try:
            override = parser.parse_override(line)
        except HydraException:  # what cannot be read chooses nothing
            continue
        if loader.get_group_options(override.key_or_group):
            swept = override.sweep_string_iterator() if override.is_sweep_override() else ()
            choices.append([f"{override.get_key_element()}={value}" for value in swept] or [line])
    for chosen in product(*choices):
        yield _composed(loader, command, chosen)


def _composed(loader: ConfigLoader, command: str, choices: Sequence[str]) -> DictConfig:
    """Compose a config with those choices that Hydra does not refuse."""
    right: list[str] = []
    cfg = loader.load_configuration(command, right, RunMode.RUN)
    for choice in choices:
        try:
            cfg = loader.load_configuration(command, [*right, choice], RunMode.RUN)
            right.append(choice)
        except HydraException:  # another message names it, or this one does
            continue
    return cfg


def _keys(node: Any, name: str = "") -> Iterator[str]:
    """Yield the names of all options and of the nodes that hold them."""
    if isinstance(node, dict):
        for key, value in node.items():
            inside = f"{name}.{key}" if name else str(key)
            yield inside
            yield from _keys(value, inside)
