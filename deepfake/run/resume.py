"""Going on from a checkpoint in a folder of one's own, without forgetting the best epoch so far."""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from deepfake.errors import CheckpointError, ConfigError
from deepfake.run.checkpoint import read_checkpoint

log = logging.getLogger(__name__)


def carry_best(best: ModelCheckpoint, resume: Path) -> None:
    """Copy the interrupted run's best checkpoint into the new run's folder, as the one to beat.

    Lightning forgets it when the folder changes.

    Args:
        best: the callback that keeps the best epoch.
        resume: the checkpoint to go on from.

    Raises:
        CheckpointError: it is none of ours, or only weights.
    """
    read_checkpoint(resume)
    content = torch.load(resume, map_location="cpu", weights_only=True)
    if "optimizer_states" not in content:
        raise CheckpointError(
            f"resume={resume} holds weights and no state of a training run: start a new one, model.weights={resume}"
        )
    state = content.get("callbacks", {}).get(best.state_key)
    source = resume.parent / "best.ckpt"
    if state is None or state["best_model_score"] is None or not source.exists() or best.dirpath is None:
        return
    if torch.load(source, map_location="cpu", weights_only=True)["epoch"] > content["epoch"]:
        log.warning("%s is of a later epoch than resume=%s: the best epoch is chosen anew", source, resume)
        return
    target = Path(best.dirpath) / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.exists() and target.samefile(source)):
        shutil.copyfile(source, target)
    best.best_k_models = {str(target): state["best_model_score"]}
    best.kth_best_model_path = best.best_model_path = str(target)
    best.kth_value = best.best_model_score = state["best_model_score"]


def require_same(resume: Path, card: Mapping[str, Any]) -> None:
    """A run is resumed with the options it was begun with; another model, schedule or corpus is another run.

    Args:
        resume: the checkpoint to go on from.
        card: of the run that goes on.

    Raises:
        ConfigError: model, input, seed, schedule or data differ.
    """
    was = read_checkpoint(resume).card

    def facts(of: Mapping[str, Any]) -> dict[str, Any]:
        config = of["config"]
        chosen = {name: config.get(name) for name in ("seed", "scheduler")}
        return {"model": of["model"], "spec": of["spec"], "data": of["data"]["fingerprint"], **chosen}

    then, now = facts(was), facts(card)
    if other := [name for name in then if then[name] != now[name]]:
        raise ConfigError(
            f"resume={resume} is of a run with another {', '.join(other)}: give the options it was begun with (its "
            f".hydra/overrides.yaml holds them), or begin a new run from its weights, model.weights={resume}"
        )
