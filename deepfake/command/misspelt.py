"""What Hydra refuses while it composes a config, in one line, with the existing names that are near a misspelt one."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra._internal import utils as hydra_internals
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from hydra.types import RunMode
from omegaconf import OmegaConf

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
    names = [other for other in _names(loader, command) if ("/" in other) == ("/" in name)]  # groups in groups have one
    return f"{name} is no option of this command: {_did_you_mean(near(name, names))} (--help shows all)"


def _bare_word(word: str, loader: ConfigLoader, command: str) -> str:
    """What a word may have been meant for that stands without a name: the choice of a group, or an option to set."""
    cfg = loader.load_configuration(command, [], RunMode.RUN)
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


def _names(loader: ConfigLoader, command: str) -> list[str]:
    """Options and groups of the config as it is without options on the command line."""
    cfg = loader.load_configuration(command, [], RunMode.RUN)
    groups = [*cfg.hydra.runtime.choices]
    OmegaConf.set_struct(cfg, False)
    del cfg["hydra"]
    return [*_keys(OmegaConf.to_container(cfg, resolve=False)), *(str(group).partition("@")[0] for group in groups)]


def _keys(node: Any, name: str = "") -> Iterator[str]:
    """Names of all options, those of groups too."""
    if isinstance(node, dict):
        for key, value in node.items():
            inside = f"{name}.{key}" if name else str(key)
            yield inside
            yield from _keys(value, inside)
