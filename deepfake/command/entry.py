"""Wraps every stage, so that a user's mistake becomes one line on stderr and exit code 1, without a traceback.

The same holds for a disk that is full, fails or is not writable. HYDRA_FULL_ERROR=1 shows the traceback anyway.
"""

import errno
import io
import logging
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

from deepfake.command.stages import check_stage
from deepfake.command.stopping import SAME_COMMAND, stoppable
from deepfake.command.taken import own_folders
from deepfake.config.foreign import refusal
from deepfake.errors import ConfigError, DeepfakeError
from deepfake.names import ShowNames, shown
from deepfake.screen import log_warnings

T = TypeVar("T")

# Warnings that a user can do nothing about.
NOISE = (
    ".*isinstance.treespec, LeafSpec.*",  # Lightning 2.6 uses a name that torch 2.15 renames
    ".*Using `DistributedSampler` with the dataloaders.*",  # it repeats clips, but each is counted once
    ".*It is recommended to use `self.log.*sync_dist=True.*",  # every process has all scores and the same numbers
    ".*does not have many workers.*",  # two workers are enough for two cores
    ".*Checkpoint directory .* exists and is not empty.*",  # it holds the best epoch of the resumed run
    ".*Experiment logs directory .* exists and is not empty.*",  # `training.curves` keeps a resumed run's
    ".*callbacks used to create the checkpoint need to be provided.*",  # it saved epochs until 2026-11-26
    ".*The dirpath has changed.*",  # a resumed run has its own folder; `resume.carry_best` copies the best epoch
)

_SHOW_NAMES = ShowNames()

# The default of an option that must come from an environment variable; without one it resolves to the text "???".
_FROM_ENVIRONMENT = re.compile(r"\$\{oc\.env:(\w+),\?\?\?\}")


_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"^[\w.]+: ", re.MULTILINE)  # precedes the message in a traceback
_ERRNO = re.compile(r"\[Errno (\d+)\] [^:\n]*(?:: '([^'\n]*)')?")

# Error codes that come from the disk or from this user's rights, and their cures. ENOENT is not among them: a missing
# file may be a bug of this project, which needs its traceback.
_RIGHTS = "choose a folder that this user may use, or change its permissions"
_ROOM = "make room there, and give the same command again"
_DISK = "check the disk and its connection, and give the same command again"
_PATH = "choose another path"
CURES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _RIGHTS),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _ROOM),
    **dict.fromkeys((errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE), _DISK),
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG), _PATH),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "raise the limit (ulimit -n), or use fewer workers"),
}


class UserError(CompactHydraException):
    """A mistake in one job of a sweep; Hydra runs the other jobs, prints only the message and exits with 1."""


def entry_point(stage: Callable[[DictConfig], T]) -> Callable[[DictConfig], T]:
    """Return a stage, `cfg -> result`, that checks its config first and reports mistakes in one line."""

    @wraps(stage)
    def run(cfg: DictConfig) -> T:
        for message in NOISE:
            warnings.filterwarnings("ignore", message)
        _prepare_screen()
        try:
            _check_complete(cfg)
            with stoppable(lambda: SAME_COMMAND):
                check_stage(cfg, stage.__name__)
                with own_folders(cfg):
                    return stage(cfg)
        except Exception as error:
            mistake = mistake_of(error)
            if mistake is None or os.environ.get("HYDRA_FULL_ERROR") == "1":
                raise
            message = f"error: {mistake}"
            if HydraConfig.initialized() and HydraConfig.get().mode is RunMode.RUN:
                sys.exit(message)  # to stderr, with exit code 1
            raise UserError(message) from error

    return run


def mistake_of(error: BaseException | None) -> str | None:
    """Return in one line the mistake behind an error that a user can correct; None if the error is a bug."""
    if mistake := _mistake(error):
        return one_line(str(mistake))
    while error is not None:
        if isinstance(error, OSError) and (fault := _fault_of_disk(error)):
            return fault
        error = error.__cause__
    return None


def one_line(message: str) -> str:
    """Join the lines of a message, and remove the traceback that torch puts before it.

    Example:
        >>> one_line("a is not b;\\n  choose another")
        'a is not b; choose another'
        >>> one_line(f"Caught E in DataLoader worker process 0.\\nOriginal {_TRACEBACK}\\n  f()\\nE: a\\nb")
        'a b'
    """
    before, is_traceback, raised = message.rpartition(_TRACEBACK)
    if is_traceback and before.startswith("Caught "):
        message = _RAISED.split(raised, maxsplit=1)[-1]
    return shown(" ".join(filter(None, map(str.strip, message.splitlines()))))


def _fault_of_disk(error: OSError) -> str | None:
    number, name = error.errno, error.filename2 or error.filename  # filename2 is the target of a copy or rename
    if number is None and (found := _ERRNO.search(str(error))):  # torch keeps only the text of a worker's error
        number, name = int(found[1]), found[2]
    if number not in CURES:
        return None
    at = f"{os.fsdecode(name)}: " if isinstance(name, str | bytes) else ""
    return one_line(f"{at}{os.strerror(number)}; {CURES[number]}")


def _prepare_screen() -> None:
    """Escape odd names in log lines, and letters that the terminal's encoding lacks.

    Libraries' warnings become log lines, which do not break a progress bar.
    """
    log_warnings()
    for handler in logging.getLogger().handlers:
        handler.addFilter(_SHOW_NAMES)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _check_complete(cfg: DictConfig) -> None:
    """Stop at the first option that has neither a value nor a default.

    `OmegaConf.missing_keys` would raise at an option that refers to a missing one, as `data.corpus.root` may.

    Raises:
        ConfigError: an option is missing.
    """
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
    """Return the user's mistake behind an error; Hydra wraps what a `_target_` raises in its own error."""
    refused = None
    while error is not None:
        if isinstance(error, DeepfakeError):
            return error
        refused = refused or refusal(error)
        error = error.__cause__
    return refused
