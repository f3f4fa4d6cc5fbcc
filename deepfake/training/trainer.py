"""Builds and runs Lightning's trainer, and turns its errors into ones that users understand."""

import logging
import warnings
from contextlib import nullcontext
from pathlib import Path

import pytorch_lightning as pl
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning.callbacks import ProgressBar, WeightAveraging
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins.environments import SLURMEnvironment
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from deepfake.callbacks.whole_checkpoints import WholeCheckpoints
from deepfake.command.stopping import sigterm_left_to
from deepfake.command.together import num_processes
from deepfake.data.datamodule import ClipDataModule
from deepfake.errors import ConfigError
from deepfake.schema import Split
from deepfake.task import DetectorTask

log = logging.getLogger(__name__)


def build_trainer(options: DictConfig, callbacks: list[pl.Callback], folder: Path) -> pl.Trainer:
    """Build the trainer without loggers, before hours of extraction, so that a missing GPU is reported at once.

    Args:
        options: the config group `trainer`.
        callbacks: the run's callbacks.
        folder: where Lightning saves on Slurm before a job's time is up. By default it is the working folder, and
            every run that starts there would continue from what it finds.

    Raises:
        ConfigError: this machine or Lightning cannot do what `trainer` asks for.
    """
    if "default_root_dir" in options:
        raise ConfigError("trainer.default_root_dir is always the run's folder: set hydra.run.dir=FOLDER instead")
    if "deterministic" in options:
        raise ConfigError("trainer.deterministic would outlast this run in a sweep: use deterministic=true instead")
    if not options.get("enable_progress_bar", True):
        callbacks = [callback for callback in callbacks if not isinstance(callback, ProgressBar)]
    own = {"callbacks": callbacks, "logger": False, "plugins": [WholeCheckpoints()], "default_root_dir": str(folder)}
    # Lightning would add its own bar if this were true without ours, and refuses ours if this is false.
    own["enable_progress_bar"] = any(isinstance(callback, ProgressBar) for callback in callbacks)
    try:
        trainer: pl.Trainer = instantiate(options, **own)
    except InstantiationException as error:
        if isinstance(error.__cause__, MisconfigurationException):
            raise ConfigError(f"trainer: {error.__cause__} Try trainer=cpu or trainer=auto.") from error
        if num_processes() > 1:  # Lightning raises various errors if what Slurm or torchrun has set does not fit
            raise ConfigError(f"trainer: {error.__cause__ or error}") from error
        raise
    wanted, started = trainer.num_devices * trainer.num_nodes, num_processes()
    if started not in (1, wanted):
        raise ConfigError(
            f"{started} processes were started for this run, but the trainer expects {wanted}: use trainer=ddp with "
            f"trainer.devices times trainer.num_nodes equal to {started}, or start one process"
        )
    return trainer


def start_loggers(options: DictConfig, run_id: str, sweep: Path | None) -> list[Logger]:
    """Start the loggers; those that know runs by an id use this run's, unless another was given, and so with groups.

    Args:
        options: the config group `logger`.
        run_id: the id of this run.
        sweep: the folder of the sweep that this run is a job of, whose name is the group; None for a run of its own.
    """
    known = {"run_id": run_id, "group": None if sweep is None else sweep.name}
    return [
        instantiate(node, **{key: value for key, value in known.items() if node.get(key, "") is None})
        for node in options.values()
    ]


def fit(trainer: pl.Trainer, task: DetectorTask, datamodule: ClipDataModule, resume: str | None) -> None:
    """Train the detector.

    Raises:
        ConfigError: options of `trainer` do not fit the data, which Lightning finds out only when it sees both.
    """
    slurm = SLURMEnvironment.detect()
    task.train()  # what is frozen stays in eval mode, of which Lightning would warn
    try:
        with (
            sigterm_left_to(lambda: trainer.received_sigterm) if slurm else nullcontext(),
            warnings.catch_warnings(),
        ):
            warnings.filterwarnings("ignore", r".*module\(s\) in eval mode at the start of training.*")
            trainer.fit(task, datamodule, ckpt_path=resume, weights_only=True)
    except MisconfigurationException as error:
        raise ConfigError(f"trainer: {error}") from error


def measure(trainer: pl.Trainer, task: DetectorTask, datamodule: ClipDataModule, best: str, test: bool) -> None:
    """Measure a checkpoint on val and, once, on test, into `task.measured`.

    Args:
        trainer: the run's trainer.
        task: the task, which gets the checkpoint's weights.
        datamodule: the data of the splits.
        best: path of the checkpoint.
        test: whether to score the test split.
    """
    # A running mean of the weights is in the checkpoint. Its callback would put the latest weights in their place.
    averaging = [callback for callback in trainer.callbacks if isinstance(callback, WeightAveraging)]  # type: ignore[attr-defined]
    for callback in averaging:
        trainer.callbacks.remove(callback)  # type: ignore[attr-defined]  # the class does not declare it
    warnings.filterwarnings("ignore", ".*callbacks used to create the checkpoint need to be provided.*")
    loggers, trainer.loggers = trainer.loggers, []  # the curves already have this epoch
    trainer.validate(task, datamodule, ckpt_path=best, weights_only=True, verbose=False)
    trainer.loggers = loggers
    if not test:
        log.info("test=false: the test split was left out")
    elif datamodule.datasets[Split.TEST]:
        trainer.test(task, datamodule, ckpt_path=best, weights_only=True, verbose=False)
