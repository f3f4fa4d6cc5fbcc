"""What a run does beside plain steps: combinations that cannot work are refused, and all else is said in the log."""

import logging
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DDPStrategy

from deepfake.errors import ConfigError
from deepfake.models.detector import Detector
from deepfake.optim.rates import Rates, depths

log = logging.getLogger(__name__)

_SAM = "deepfake.optim.sam.Sam"


def require_possible(trainer: pl.Trainer, config: Mapping[str, Any]) -> None:
    """Stop before anything is extracted if options of the optimisation exclude each other.

    Args:
        trainer: the run's trainer.
        config: the run's whole config as plain data.

    Raises:
        ConfigError: they do.
    """
    several = trainer.num_devices * trainer.num_nodes > 1
    if config["optimizer"]["_target_"] == _SAM:
        if getattr(trainer.precision_plugin, "scaler", None) is not None:
            raise ConfigError(
                "optimizer=sam takes gradients of two sizes, which trainer.precision=16-mixed would scale alike: use "
                "trainer.precision=bf16-mixed or 32-true"
            )
        if several and type(trainer.strategy) is not DDPStrategy:  # others divide the weights among devices
            raise ConfigError("optimizer=sam works on several devices with trainer.strategy=ddp only")
    on_cpus = isinstance(trainer.strategy, DDPStrategy) and trainer.strategy.root_device.type == "cpu"
    if on_cpus and config["trainer"].get("sync_batchnorm"):
        raise ConfigError(
            "trainer.sync_batchnorm=true works on GPUs only: set trainer.sync_batchnorm=false, with which each process "
            "has statistics of its own"
        )
    if config["deterministic"] and config["trainer"].get("benchmark"):
        raise ConfigError(
            "deterministic=true excludes trainer.benchmark=true, which chooses algorithms by the time that they take: "
            "leave one of them out"
        )
    if several and config["rates"]["frozen_epochs"]:
        raise ConfigError("rates.frozen_epochs works on one device: set trainer.devices=1, or rates.frozen_epochs=0")


def require_depths(rates: Rates, detector: Detector) -> None:
    """Stop if layers are to have their own rates and the backbone has no row of layers.

    Raises:
        ConfigError: see `deepfake.optim.rates.depths`.
    """
    if rates.layer_decay != 1:
        depths(detector.backbone)


def speed_up(detector: Detector, *, compiled: bool, tf32: bool) -> None:
    """Let torch compile the detector's backbone, and set the precision of matrix products of this process."""
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    if compiled:
        detector.backbone.compile()  # nearly all of the work, and called alike by every loss


def log_optimisation(config: Mapping[str, Any]) -> None:
    """Log the optimizer, its schedule, and each option that is not at rest.

    Args:
        config: the run's whole config as plain data.
    """
    optimizer, scheduler, trainer = (config[name] for name in ("optimizer", "scheduler", "trainer"))
    said = [f"{_name(optimizer)}, learning rate {optimizer.get('lr', 'by default')}", f"schedule {_name(scheduler)}"]
    if by := scheduler.get("by"):
        said[-1] += f" by {by}"
    if different := Rates(**config["rates"]).words():
        said.append(different)
    if (batches := trainer.get("accumulate_grad_batches") or 1) > 1:
        said.append(f"gradients of {batches} batches a step")
    if limit := trainer.get("gradient_clip_val"):
        said.append(f"gradients clipped to {trainer.get('gradient_clip_algorithm') or 'norm'} {limit:g}")
    for callback in config["callbacks"].values():
        if _name(callback) == "Ema":
            said.append(f"running mean of the weights, decay {callback.get('decay', 0.999):g}")
        if _name(callback) == "EarlyStopping":
            said.append(f"ends {callback.get('patience', 3)} epochs after the best {callback.get('monitor')}")
        if _name(callback) == "MedianPruning":
            said.append("ends early where a sweep's other jobs were better at the same epoch")
    switches = {"compiled": "compile", "TF32": "tf32", "deterministic algorithms": "deterministic"}
    said += [word for word, option in switches.items() if config[option]]
    log.info("training: %s", "; ".join(said))


def _name(node: Mapping[str, Any]) -> str:
    return str(node["_target_"]).rpartition(".")[2]
