"""A folder belongs to one run: a name that cannot be taken twice, and a look at what is there where one is asked for.

This module gives the configs `${token:}`, four letters that are another for each command, so that several commands of
one second have folders of their own.
"""

import copy
import secrets
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from deepfake.command.entry import mistake_of
from deepfake.command.taken import take
from deepfake.command.writable import require_writable
from deepfake.config import model_name as model_name  # whose name is in the folder's as well
from deepfake.errors import ConfigError
from deepfake.names import shown
from deepfake.ranks import is_first

# Hydra hands what was cached on to the jobs of a sweep, so all of them have the sweep's.
OmegaConf.register_new_resolver("token", lambda: secrets.token_hex(2), use_cache=True, replace=True)


class OwnFolder(Callback):
    """Takes the folder of a run or of a sweep, or exits with 1 and a line that says why not."""

    def __init__(self) -> None:
        self._lock: FileLock | None = None  # held until this process ends, however it ends

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._take(config, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._take(config, "hydra.sweep.dir")

    def _take(self, config: DictConfig, option: str) -> None:
        if not is_first():
            return  # another process of the same run has taken it
        folder = resolved(config, option)
        try:
            require_writable(Path(folder))
            self._lock = take(Path(folder), option, config.get("resume"))
        except (OSError, ConfigError) as error:
            said = mistake_of(error) or f"{error}; choose another folder"
            # SystemExit, because of any Exception in a callback Hydra makes a warning, and goes on.
            sys.exit(f"error: {said if isinstance(error, ConfigError) else f'{option}={shown(folder)}: {said}'}")

    def __getstate__(self) -> dict[str, Any]:
        return {"_lock": None}  # the jobs of a sweep get a copy, and the lock stays with the sweep


def resolved(config: DictConfig, option: str) -> str:
    """An option that refers to Hydra's own config, which Hydra sets only later."""
    hydra, before = HydraConfig.instance(), HydraConfig.instance().cfg
    try:
        hydra.set_config(copy.deepcopy(config))  # which makes it read-only
        return str(OmegaConf.select(config, option))  # of the config itself, that it keeps the token
    finally:
        hydra.cfg = before
