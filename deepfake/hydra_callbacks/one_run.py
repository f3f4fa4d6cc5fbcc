"""Makes the processes that torchrun or srun started one run: they share a folder, and the first one logs for all."""

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, open_dict, read_write

from deepfake.command.together import begin, num_processes
from deepfake.errors import DeepfakeError
from deepfake.hydra_callbacks.own_folder import resolved
from deepfake.ranks import rank


class OneRun(Callback):
    """Gives all processes of a launch the first one's folder, before Hydra makes it; the others log only warnings."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        count = num_processes()
        if count > 1:
            if "trainer" not in config:
                sys.exit(_refusal(count, "this command runs in one process and starts its own workers"))
            try:
                _share_folder(config, count)
            except (OSError, DeepfakeError) as error:
                sys.exit(f"error: {error}")  # Hydra turns an Exception in a callback into a warning, and continues
        if rank() > 0:
            _be_quiet(config)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        if (count := num_processes()) > 1:
            sys.exit(_refusal(count, "the jobs of a sweep (-m) train on one device each"))


def _refusal(count: int, reason: str) -> str:
    return f"error: torchrun or srun started {count} processes for this command: {reason}; start only one"


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
        config.hydra.output_subdir = None  # the first process writes the config
        if "_process_" not in config.hydra.job.name:  # Lightning adds it for the processes that it starts
            config.hydra.job.name = f"{config.hydra.job.name}_process_{rank()}"  # gives each process its own log
        config.hydra.job_logging.root.level = "WARNING"
