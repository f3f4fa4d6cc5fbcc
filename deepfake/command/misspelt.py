"""What Hydra refuses while it composes a config, in one line, with the existing names that are near a misspelt one."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

from hydra._internal import utils as hydra_internals
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
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

_BARE = re.compile(r"[A-Za-z]\w*")


@contextmanager
def near_names(command: str) -> Iterator[None]:
    """While a script runs, let what is wrong with its options be one line on stderr, with exit code 1.

    Args:
        command: the name of its config.
    """
    theirs = hydra_internals.run_and_report  # where Hydra makes of an error what people see; there is no public door

    def run_and_report(func: Any) -> Any:
        def run() -> Any:
            try:
                return func()
            except (ConfigCompositionException, MissingConfigException, OverrideParseException) as error:
                require_unstopped()
                sys.exit(f"error: {explained(error, command)}")
            except Exception:
                require_unstopped()
                raise

        return theirs(run)

    hydra_internals.run_and_report = run_and_report
    try:
        yield
    finally:
        hydra_internals.run_and_report = theirs


def explained(error: HydraException, command: str) -> str:
    """In one line, what is wrong with the options of a command.

    Args:
        error: raised by Hydra, which is still there to be asked for its config.
        command: the name of its config.
    """
    loader = GlobalHydra.instance().config_loader()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, MissingConfigException) and error.options is not None and error.missing_cfg_file:
        group, _, wanted = str(error.missing_cfg_file).rpartition("/")
        return f"{group}={wanted} is no choice: {_did_you_mean(near(wanted, error.options), error.options)}"
    if isinstance(error, OverrideParseException):
        if _BARE.fullmatch(str(error.override)):
            return _bare_word(str(error.override), loader, command)
        what = f"{error.override!r} cannot be read as an option ({lines[0]})"
        return f"{what}: a value with spaces or signs goes in quotes, as in \"name='a value'\""
    missing = _NOT_THERE.match(str(error))
    if missing is None:
        return " ".join(lines)
    name = missing[1].lstrip("+~")
    known = _names(loader, command, name)
    names = [other for other in known if ("/" in other) == ("/" in name) and other != name]  # groups in groups have one
    found = near(name.partition("@")[0], names)  # a group is written with its package only where that is another
    return f"{name} is no option of this command: {_did_you_mean(found)} (--help shows all)"


def _bare_word(word: str, loader: ConfigLoader, command: str) -> str:
    """What a word may have been meant for that stands without a name: the choice of a group, or an option to set."""
    cfg = next(_configs(loader, command))
    groups = [name for name in map(str, cfg.hydra.runtime.choices) if not name.startswith("hydra")]
    choices = {group: loader.get_group_options(group.partition("@")[0]) for group in groups}
    meant = [f"{name}={word}" for name in groups if word in choices[name]]
    if command in cfg and not isinstance(cfg[command], bool):  # as scripts/benchmark.py has it: which benchmark
        meant = [f"{command}={word}"]
    elif not meant and (word in cfg or word in groups):
        meant = [f"{word}=true" if isinstance(cfg.get(word), bool) else f"{word}=VALUE"]
    return f"{word} is no option: options are given as NAME=VALUE: {_did_you_mean(meant)} (--help shows all)"


def _did_you_mean(found: Sequence[str], others: Sequence[str] = ()) -> str:
    if found:
        return f"did you mean {' or '.join(found)}?"
    return f"there are {', '.join(others)}" if others else "no name is like it"


def _names(loader: ConfigLoader, command: str, lacking: str) -> list[str]:
    """Options and groups of the first job's config that lacks a name."""
    names: list[str] = []
    for cfg in _configs(loader, command):
        groups = [*map(str, cfg.hydra.runtime.choices)]
        OmegaConf.set_struct(cfg, False)
        del cfg["hydra"]
        names = [*_keys(OmegaConf.to_container(cfg, resolve=False)), *groups]
        if lacking not in names:
            break
    return names


def _configs(loader: ConfigLoader, command: str) -> Iterator[DictConfig]:
    """Of each job of the command line, the config with nothing but its choices from groups, such as `model=effnet`."""
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
    """The config with those choices that do not make Hydra refuse it."""
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
    """Names of all options, those of groups too."""
    if isinstance(node, dict):
        for key, value in node.items():
            inside = f"{name}.{key}" if name else str(key)
            yield inside
            yield from _keys(value, inside)
