"""What every stage has around it: a user's mistake becomes one line on stderr and exit code 1, without a traceback."""

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deepfake.errors import ConfigError, DeepfakeError
from deepfake.run.foreign import refusal
from deepfake.run.stages import check_stage

T = TypeVar("T")

# Warnings that a user can do nothing about.
NOISE = (
    ".*isinstance.treespec, LeafSpec.*",  # Lightning 2.6 uses a name that torch 2.15 renames
    ".*does not have many workers.*",  # on two cores, two are many
    ".*Checkpoint directory .* exists and is not empty.*",  # it holds the best epoch of the run that is resumed
    ".*The dirpath has changed.*",  # a resumed run has a folder of its own; `resume.carry_best` sees to the best epoch
)

# An option whose default is an environment variable, and nothing without it; resolved it would be the text "???".
_FROM_ENVIRONMENT = re.compile(r"\$\{oc\.env:(\w+),\?\?\?\}")


class UserError(CompactHydraException):
    """A mistake in one job of a sweep: Hydra goes on with the others, prints the message alone and exits with 1."""


def entry_point(stage: Callable[[DictConfig], T]) -> Callable[[DictConfig], T]:
    """Wrap a stage, `cfg -> result`."""

    @wraps(stage)
    def run(cfg: DictConfig) -> T:
        for message in NOISE:
            warnings.filterwarnings("ignore", message)
        try:
            _check_complete(cfg)
            check_stage(cfg, stage.__name__)
            return stage(cfg)
        except Exception as error:
            mistake = _mistake(error)
            if mistake is None:
                raise
            # torch puts the traceback of a loader's process before the message.
            message = f"error: {str(mistake).strip().splitlines()[-1]}"
            if HydraConfig.initialized() and HydraConfig.get().mode is RunMode.RUN:
                sys.exit(message)  # to stderr, with exit code 1
            raise UserError(message) from error

    return run


def _check_complete(cfg: DictConfig) -> None:
    """Name the first option that has no default, before anything is computed."""
    for key, value in _leaves(OmegaConf.to_container(cfg, resolve=False), ""):
        variable = _FROM_ENVIRONMENT.fullmatch(str(value))
        if variable and not os.environ.get(variable[1]):
            raise ConfigError(f"{key} is not set: add {key}=VALUE to the command, or set the variable {variable[1]}")
        if value == "???":
            raise ConfigError(f"{key} is not set and has no default: add {key}=VALUE to the command")


def _leaves(node: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, node


def _mistake(error: BaseException | None) -> DeepfakeError | None:
    """The user's mistake behind an error; Hydra wraps what a `_target_` raises in an error of its own."""
    refused = None
    while error is not None:
        if isinstance(error, DeepfakeError):
            return error
        refused = refused or refusal(error)
        error = error.__cause__
    return refused
