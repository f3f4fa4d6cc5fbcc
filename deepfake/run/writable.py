"""The folder of a run, before Hydra writes into it: where it cannot be made, one line says so, and no traceback."""

import errno
import os
import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from deepfake.run.entry import mistake_of


class RequireWritable(Callback):
    """Exits with 1 if the folder of a run or a sweep cannot be made. It makes none: Hydra does."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        _require_writable(config.hydra.run.dir, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        _require_writable(config.hydra.sweep.dir, "hydra.sweep.dir")


def _require_writable(folder: str, option: str) -> None:
    path = Path(os.path.abspath(folder))
    there = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return
    number = errno.EACCES if there.is_dir() else errno.ENOTDIR
    sys.exit(f"error: {option}={folder}: {mistake_of(OSError(number, os.strerror(number), str(there)))}")
