"""Folders that are to be written to, tried before any work, and that of a run before Hydra writes into it."""

import copy
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from deepfake.names import shown
from deepfake.run.entry import mistake_of

ROOM = 1 << 16  # bytes: Hydra writes the resolved config and a log there


class RequireWritable(Callback):
    """Exits with 1, and a line that says why, if the folder of a run or a sweep cannot be made. Hydra makes it."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        _require_writable(config, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        _require_writable(config, "hydra.sweep.dir")


def require_writable(folder: Path) -> None:
    """Try whether a folder can be made, or written to; nothing is left there.

    Raises:
        OSError: it cannot.
    """
    path = Path(os.path.abspath(folder))
    there = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(ROOM))
            file.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(there)) from error


def _require_writable(config: DictConfig, option: str) -> None:
    folder = _resolved(config, option)
    try:
        require_writable(Path(folder))
    except OSError as error:
        if mistake := mistake_of(error):
            sys.exit(f"error: {option}={shown(folder)}: {mistake}")


def _resolved(config: DictConfig, option: str) -> str:
    """An option that refers to Hydra's own config, which Hydra sets only later."""
    hydra, before = HydraConfig.instance(), HydraConfig.instance().cfg
    own = copy.deepcopy(config)
    try:
        hydra.set_config(own)
        return str(OmegaConf.select(own, option))
    finally:
        hydra.cfg = before
