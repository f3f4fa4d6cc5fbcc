"""Resumes a training from a checkpoint in a folder of its own, and keeps the best epoch so far."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import pytorch_lightning as pl
from hydra.utils import get_object
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pytorch_lightning.trainer.states import TrainerFn

from deepfake.atomic import write_atomic
from deepfake.callbacks.best_checkpoint import BestCheckpoint
from deepfake.callbacks.training_progress import epoch_name
from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint
from deepfake.errors import CheckpointError, ConfigError
from deepfake.options import parameters
from deepfake.ranges import Amount
from deepfake.ranks import is_first
from deepfake.screen import from_here

log = logging.getLogger(__name__)


class _Loops(BaseModel):
    fit_loop: Annotated[dict[str, Any], Field(min_length=1)]


class _State(BaseModel):
    """What Lightning needs to resume; if it is missing, Lightning fails with a traceback or silently goes wrong."""

    model_config = ConfigDict(strict=True)
    epoch: Amount
    global_step: Amount
    version: str = Field(alias="pytorch-lightning_version")
    loops: _Loops
    callbacks: dict[str, dict[str, Any]]
    optimizer_states: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1)]
    lr_schedulers: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1)]


def require_state(resumed: Checkpoint) -> None:
    """Stop unless a checkpoint holds the complete state of a training, not only weights.

    Raises:
        CheckpointError: it does not.
    """
    if "optimizer_states" not in resumed.content:
        raise CheckpointError(
            f"resume={resumed.path} holds weights but no training state: start a new run from the weights, "
            f"model.weights={resumed.path}"
        )
    try:
        _State.model_validate(dict(resumed.content))
    except ValidationError as error:
        names = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise CheckpointError(
            f"resume={resumed.path} is damaged: its training state ({', '.join(names)}) is missing or invalid: use "
            f"another checkpoint of the run, or start a new run from its weights, model.weights={resumed.path}"
        ) from error


def earlier_best(best: BestCheckpoint, resumed: Checkpoint) -> Path | None:
    """Return the best checkpoint of the interrupted run; None if it has none, or if that is from a later epoch.

    Args:
        best: the callback that keeps the best epoch.
        resumed: the checkpoint to resume from.
    """
    state = resumed.content["callbacks"].get(best.state_key)
    source = resumed.path.parent / "best.ckpt"
    if state is None or state.get("best_rank") is None or not source.exists() or best.dirpath is None:
        return None
    if read_checkpoint(source).content["epoch"] > resumed.content["epoch"]:
        log.warning("%s is from a later epoch than resume=%s and is not carried over", source, resumed.path)
        return None
    return source


def carry_best(best: BestCheckpoint, resumed: Checkpoint, source: Path) -> None:
    """Copy the interrupted run's best checkpoint into the new run's folder, as the one to beat.

    Args:
        best: the callback that keeps the best epoch.
        resumed: the checkpoint to resume from.
        source: the file that `earlier_best` returned.
    """
    assert best.dirpath is not None
    target = Path(best.dirpath) / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_first() and not (target.exists() and target.samefile(source)):
        write_atomic(target, source.read_bytes())
    best.continue_from(target, resumed.content["callbacks"][best.state_key])


def stop_message(trainer: pl.Trainer, folder: Path, sweep: Path | None = None) -> str:
    """Return where a training was stopped, and which option continues it.

    Args:
        trainer: the run's trainer.
        folder: the run's folder.
        sweep: the folder of the sweep that the run is a job of; None if it is none.
    """
    last = folder / "checkpoints" / "last.ckpt"
    where = f"stopped in {epoch_name(trainer)}"
    if trainer.state.fn not in (None, TrainerFn.FITTING) or trainer.state.finished:
        where = "stopped after the last epoch"
    if sweep is not None:
        return f"{where}; continue with the same options of the sweep and sweep.resume={from_here(sweep)}"
    if last.exists():
        return f"{where}; continue with the same options and resume={from_here(last)}"
    again = f"{where}, before an epoch was saved; the same command starts again, with the faces extracted so far"
    return (
        f"{again}; if it sets its folder, choose another one than {from_here(folder)}"
        if last.parent.exists()
        else again
    )


def require_same_options(resumed: Checkpoint, config: Mapping[str, Any], asked: Iterable[str]) -> None:
    """Stop unless a run resumes with the options that it was started with, except for those that change no number.

    Args:
        resumed: the checkpoint to resume from.
        config: the resolved config of the run that resumes.
        asked: the options that were given for it, as on the command line. An option that did not exist in the
            checkpoint's version of this project is compared only if it, or a group that it is in, is among them.

    Raises:
        ConfigError: options differ, and all of them are named; or the run's version chose its best epoch differently.
    """
    then, now = dict(_flat(resumed.card["config"])), dict(_flat(config))
    if "aggregate" in now:
        then.setdefault("aggregate", "mean")  # runs of before 2026-11-27 knew no other
    measured = not config.get("train", True)
    if then.get("callbacks.best.monitor") == _OLD_MONITOR and not measured:
        raise ConfigError(
            f"resume={resumed.path} comes from an earlier version, which chose its best epoch by {_OLD_MONITOR}: this "
            f"version cannot continue it; start a new run from its weights, model.weights={resumed.path}"
        )
    given = {word.lstrip("+~").partition("=")[0].replace("/", ".") for word in asked}
    by_step = not measured and now.get("scheduler.by") == "step"
    differing = []
    for name in sorted({**then, **now}):
        new = name not in then and not any(name == word or name.startswith(f"{word}.") for word in given)
        free = bool(_FREE.fullmatch(name)) and not (by_step and _STEPS.fullmatch(name))
        free = free or bool(measured and _OF_TRAINING.fullmatch(name))
        if not new and not free and then.get(name, _ABSENT) != now.get(name, _ABSENT):
            was, is_now = _shown(then.get(name, _ABSENT)), _shown(now.get(name, _ABSENT))
            differing.append(f"{name} was {was} and is now {is_now}")
    otherwise = f"start a new run from its weights, model.weights={resumed.path}"
    if measured:
        otherwise = f"scripts/evaluate.py checkpoint={resumed.path}, which takes them from the checkpoint"
    if differing:
        raise ConfigError(
            f"resume={resumed.path} comes from a run with other options: {'; '.join(differing)}. Use that run's "
            f"options (its .hydra/overrides.yaml holds them), or {otherwise}"
        )


# Options that have no effect where a checkpoint is only measured.
_OF_TRAINING = re.compile(
    r"(?:optimizer|scheduler|rates|loss|augment|callbacks)\..*|sampling\.(?:clips_per_video|balance)"
    r"|trainer\.(?:limit_train_batches|accumulate_grad_batches|gradient_clip_\w+|sync_batchnorm)"
)
_OLD_MONITOR = "val/selection"  # combined both numbers that `BestCheckpoint` compares
_ABSENT = "absent"
_TUNE = {"_target_": "deepfake.models.tune.all.All"}  # older cards name none
# Options that change no number: where things are, what they run on, how they are loaded and shown, and how long a run
# lasts, as far as the schedule does not depend on it.
_FREE = re.compile(
    r"resume|device|train|test|print_config|tags|notes|sweep\..*|paths\..*|logger\..*|hydra\..*|extract\..*"
    r"|callbacks\.\w+\.(?:dirpath|path)|callbacks\.(?:every_epoch|progress|learning_rate|epoch_log)\..*"
    r"|data\.(?:\w+_)?root|data\.corpus\.(?:\w+_)?root|data\.corpus\.num_workers"
    r"|loader\.(?:num_workers|cache|cache_dir)"
    r"|faces\.finder\.(?:weights|device|batch_size)"
    r"|model\.weights|model\.backbone\.(?:weights|pretrained)"
    r"|trainer\.(?:max_epochs|accelerator|devices|num_nodes|strategy|log_every_n_steps|"
    r"enable_progress_bar|enable_model_summary|enable_checkpointing|profiler(?:\..*)?|max_time|plugins|benchmark)"
)


_STEPS = re.compile(r"trainer\.(?:devices|num_nodes)")  # decide how many steps an epoch has


def _flat(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, node


def _with_defaults(node: Any) -> Any:
    """Fill in the defaults of options that a part's config does not name, since it may be older than they are."""
    if not isinstance(node, Mapping):
        return node
    known = parameters(get_object(node["_target_"])) if "_target_" in node else {}
    defaults = {name: parameter.default for name, parameter in known.items() if not parameter.required}
    return {name: _with_defaults(value) for name, value in {**defaults, **node}.items()}


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def require_same(resumed: Checkpoint, card: Mapping[str, Any]) -> None:
    """Stop unless a run resumes with the network and the videos that it was started with.

    Args:
        resumed: the checkpoint to resume from.
        card: the card of the run that resumes.

    Raises:
        ConfigError: the network, its input or the videos differ.
    """

    def facts(one: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "model": _with_defaults({"tune": _TUNE, **one["model"]}),
            "spec": one["spec"],
            "data": one["data"]["fingerprint"],
        }

    def contents(one: Mapping[str, Any]) -> Any:  # an older card has none and passes
        return one["data"].get("content", card["data"].get("content"))

    then, now = facts(resumed.card), facts(card)
    other = [name for name in then if then[name] != now[name]]
    if contents(resumed.card) != contents(card):
        other.append("content of the videos' files")
    if other:
        raise ConfigError(
            f"resume={resumed.path} comes from a run with another {', '.join(other)}: use that run's options and data, "
            f"or start a new run from its weights, model.weights={resumed.path}"
        )
