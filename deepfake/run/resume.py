"""Going on from a checkpoint in a folder of one's own, without forgetting the best epoch so far."""

import shutil
from pathlib import Path

import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from deepfake.errors import CheckpointError
from deepfake.run.checkpoint import read_checkpoint


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
    target = Path(best.dirpath) / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    best.best_k_models = {str(target): state["best_model_score"]}
    best.kth_best_model_path = best.best_model_path = str(target)
    best.kth_value = best.best_model_score = state["best_model_score"]
