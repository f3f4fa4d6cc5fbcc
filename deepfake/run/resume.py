"""Going on from a checkpoint in a folder of one's own, without forgetting the best epoch so far."""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.callbacks import ModelCheckpoint

from deepfake.errors import CheckpointError, ConfigError
from deepfake.run.checkpoint import Checkpoint, read_checkpoint

log = logging.getLogger(__name__)


def carry_best(best: ModelCheckpoint, resumed: Checkpoint) -> None:
    """Copy the interrupted run's best checkpoint into the new run's folder, as the one to beat.

    Lightning forgets it when the folder changes.

    Args:
        best: the callback that keeps the best epoch.
        resumed: the checkpoint to go on from.

    Raises:
        CheckpointError: it holds only weights.
    """
    if "optimizer_states" not in resumed.content:
        raise CheckpointError(
            f"resume={resumed.path} holds weights and no state of a training run: start a new one, "
            f"model.weights={resumed.path}"
        )
    state = resumed.content.get("callbacks", {}).get(best.state_key)
    source = resumed.path.parent / "best.ckpt"
    if state is None or state["best_model_score"] is None or not source.exists() or best.dirpath is None:
        return
    if read_checkpoint(source).content["epoch"] > resumed.content["epoch"]:
        log.warning("%s is of a later epoch than resume=%s: the best epoch is chosen anew", source, resumed.path)
        return
    target = Path(best.dirpath) / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.exists() and target.samefile(source)):
        shutil.copyfile(source, target)
    best.best_k_models = {str(target): state["best_model_score"]}
    best.kth_best_model_path = best.best_model_path = str(target)
    best.kth_value = best.best_model_score = state["best_model_score"]


def require_same(resumed: Checkpoint, card: Mapping[str, Any]) -> None:
    """A run is resumed with the options it was begun with; another model, schedule or corpus is another run.

    Args:
        resumed: the checkpoint to go on from.
        card: of the run that goes on.

    Raises:
        ConfigError: model, input, seed, schedule or data differ.
    """

    def facts(of: Mapping[str, Any]) -> dict[str, Any]:
        config = of["config"]
        chosen = {name: config.get(name) for name in ("seed", "scheduler")}
        return {"model": of["model"], "spec": of["spec"], "data": of["data"]["fingerprint"], **chosen}

    def contents(of: Mapping[str, Any]) -> Any:  # a card of before they were noted is like any other
        return of["data"].get("content", card["data"].get("content"))

    then, now = facts(resumed.card), facts(card)
    other = [name for name in then if then[name] != now[name]]
    if contents(resumed.card) != contents(card):
        other.append("content of the videos' files")
    if other:
        raise ConfigError(
            f"resume={resumed.path} is of a run with another {', '.join(other)}: give the options it was begun with "
            "(its .hydra/overrides.yaml holds them), or begin a new run from its weights, "
            f"model.weights={resumed.path}"
        )
