"""What torchrun or srun have started is one run: its processes share a folder, and the first speaks for all."""

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, open_dict, read_write

from deepfake.command.together import begin, size
from deepfake.errors import DeepfakeError
from deepfake.hydra_callbacks.own_folder import resolved
from deepfake.ranks import rank


class OneRun(Callback):
    """Gives all processes of a launch the folder of the first, before Hydra makes it; the others log only warnings."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        count = size()
        if count > 1:
            if "trainer" not in config:
                sys.exit(_refusal(count, "this command works in one process, and starts workers of its own"))
            try:
                _share_folder(config, count)
            except (OSError, DeepfakeError) as error:
                sys.exit(f"error: {error}")  # of an Exception in a callback Hydra makes a warning, and goes on
        if rank() > 0:
            _be_quiet(config)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        if size() > 1:
            sys.exit(_refusal(size(), "the jobs of a sweep (-m) train on one device each"))


def _refusal(count: int, reason: str) -> str:
    return f"error: {count} processes were started for this command, by torchrun or srun: {reason}; start one"


def _share_folder(config: DictConfig, count: int) -> None:
    ranks = begin(rank(), count)
    if ranks.rank == 0:
        folder = str(Path(resolved(config, "hydra.run.dir")).absolute())
        ranks.publish("folder", folder)
    else:
        folder = ranks.read(0, "folder")
    with read_write(config), open_dict(config):
        config.hydra.run.dir = folder


def _be_quiet(config: DictConfig) -> None:
    with read_write(config), open_dict(config):
        config.hydra.output_subdir = None  # the first has written the config
        if "_process_" not in config.hydra.job.name:  # as Lightning names those that it starts
            config.hydra.job.name = f"{config.hydra.job.name}_process_{rank()}"  # for a log of its own
        config.hydra.job_logging.root.level = "WARNING"
