"""What every stage has around it: a user's mistake becomes one line on stderr and exit code 1, without a traceback."""

import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

from hydra.errors import CompactHydraException
from omegaconf import DictConfig, OmegaConf

from deepfake.errors import ConfigError, DeepfakeError

T = TypeVar("T")

# Warnings that a user can do nothing about.
NOISE = (
    ".*isinstance.treespec, LeafSpec.*",  # Lightning 2.6 uses a name that torch 2.15 renames
    ".*does not have many workers.*",  # on two cores, two are many
    ".*Checkpoint directory .* exists and is not empty.*",  # it holds the best epoch of the run that is resumed
    ".*The dirpath has changed.*",  # a resumed run has a folder of its own; `resume.carry_best` sees to the best epoch
)


class UserError(CompactHydraException):
    """Hydra prints an exception of this kind as its message alone and exits with 1; in a sweep the other jobs go on."""


def entry_point(stage: Callable[[DictConfig], T]) -> Callable[[DictConfig], T]:
    """Wrap a stage, `cfg -> result`."""

    @wraps(stage)
    def run(cfg: DictConfig) -> T:
        for message in NOISE:
            warnings.filterwarnings("ignore", message)
        try:
            _check_complete(cfg)
            return stage(cfg)
        except Exception as error:
            mistake = _mistake(error)
            if mistake is None:
                raise
            raise UserError(f"error: {mistake}") from error

    return run


def _check_complete(cfg: DictConfig) -> None:
    """Name the first option that has no default, before anything is computed."""
    for key, value in _leaves(OmegaConf.to_container(cfg, resolve=False), ""):
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
    while error is not None:
        if isinstance(error, DeepfakeError):
            return error
        error = error.__cause__
    return None
