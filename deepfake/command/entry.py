"""What every stage has around it: a user's mistake becomes one line on stderr and exit code 1, without a traceback.

So does a disk that is full, fails or may not be written to. HYDRA_FULL_ERROR=1 shows the traceback of either.
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
    ".*Using `DistributedSampler` with the dataloaders.*",  # it repeats clips, and each is counted once
    ".*It is recommended to use `self.log.*sync_dist=True.*",  # every process has all scores, and the same numbers
    ".*does not have many workers.*",  # on two cores, two are many
    ".*Checkpoint directory .* exists and is not empty.*",  # it holds the best epoch of the run that is resumed
    ".*Experiment logs directory .* exists and is not empty.*",  # `training.curves` keeps those of a run that goes on
    ".*callbacks used to create the checkpoint need to be provided.*",  # one that saved epochs until 2026-11-26
    ".*The dirpath has changed.*",  # a resumed run has a folder of its own; `resume.carry_best` sees to the best epoch
)

_SHOW_NAMES = ShowNames()

# An option whose default is an environment variable, and nothing without it; resolved it would be the text "???".
_FROM_ENVIRONMENT = re.compile(r"\$\{oc\.env:(\w+),\?\?\?\}")


_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"^[\w.]+: ", re.MULTILINE)  # how a traceback begins the message
_ERRNO = re.compile(r"\[Errno (\d+)\] [^:\n]*(?:: '([^'\n]*)')?")

# What a disk or this user's rights forbid, and what to do about it. No file where one should be is not among them: that
# may be a defect of ours, and keeps its traceback.
_RIGHTS = "choose a folder that this user may use, or have its rights changed"
_ROOM = "make room there, and give the same command again"
_DISK = "see that the disk and its connection work, and give the same command again"
_PATH = "choose another path"
CURES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _RIGHTS),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _ROOM),
    **dict.fromkeys((errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE), _DISK),
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG), _PATH),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "raise the limit (ulimit -n), or take fewer workers"),
}


class UserError(CompactHydraException):
    """A mistake in one job of a sweep: Hydra goes on with the others, prints the message alone and exits with 1."""


def entry_point(stage: Callable[[DictConfig], T]) -> Callable[[DictConfig], T]:
    """Wrap a stage, `cfg -> result`."""

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
    """In one line, what a user can mend of what lies behind an error; None if that is a defect of ours."""
    if mistake := _mistake(error):
        return one_line(str(mistake))
    while error is not None:
        if isinstance(error, OSError) and (fault := _fault_of_disk(error)):
            return fault
        error = error.__cause__
    return None


def one_line(message: str) -> str:
    """A message without the breaks of its lines, and without the traceback that torch puts before it.

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
    number, name = error.errno, error.filename2 or error.filename  # the second: what was copied or renamed to
    if number is None and (found := _ERRNO.search(str(error))):  # of a loader's process: torch keeps the text alone
        number, name = int(found[1]), found[2]
    if number not in CURES:
        return None
    at = f"{os.fsdecode(name)}: " if isinstance(name, str | bytes) else ""
    return one_line(f"{at}{os.strerror(number)}; {CURES[number]}")


def _prepare_screen() -> None:
    """Let names be shown whatever they hold: escaped in log lines, and where the terminal's encoding lacks a letter.

    Warnings of libraries become log lines, which do not tear a progress bar.
    """
    log_warnings()
    for handler in logging.getLogger().handlers:
        handler.addFilter(_SHOW_NAMES)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _check_complete(cfg: DictConfig) -> None:
    """Name the first option that has no default, before anything is computed.

    `OmegaConf.missing_keys` cannot: it raises at an option that refers to a missing one, as `data.corpus.root` may.
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
    """The user's mistake behind an error; Hydra wraps what a `_target_` raises in an error of its own."""
    refused = None
    while error is not None:
        if isinstance(error, DeepfakeError):
            return error
        refused = refused or refusal(error)
        error = error.__cause__
    return refused
