"""Going on from a checkpoint in a folder of one's own, without forgetting the best epoch so far."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import pytorch_lightning as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pytorch_lightning.trainer.states import TrainerFn

from deepfake.atomic import write_atomic
from deepfake.callbacks.best_checkpoint import BestCheckpoint
from deepfake.callbacks.training_progress import epoch_name
from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint
from deepfake.errors import CheckpointError, ConfigError
from deepfake.ranges import Amount
from deepfake.ranks import is_first
from deepfake.screen import from_here

log = logging.getLogger(__name__)


class _Loops(BaseModel):
    fit_loop: Annotated[dict[str, Any], Field(min_length=1)]


class _State(BaseModel):
    """What Lightning needs to go on, and would miss with a traceback or in silence."""

    model_config = ConfigDict(strict=True)
    epoch: Amount
    global_step: Amount
    version: str = Field(alias="pytorch-lightning_version")
    loops: _Loops
    callbacks: dict[str, dict[str, Any]]
    optimizer_states: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1)]
    lr_schedulers: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1)]


def require_state(resumed: Checkpoint) -> None:
    """See that a checkpoint holds the state of a training, whole, and not only weights.

    Raises:
        CheckpointError: it does not.
    """
    if "optimizer_states" not in resumed.content:
        raise CheckpointError(
            f"resume={resumed.path} holds weights and no state of a training run: start a new one, "
            f"model.weights={resumed.path}"
        )
    try:
        _State.model_validate(dict(resumed.content))
    except ValidationError as error:
        names = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise CheckpointError(
            f"resume={resumed.path} is damaged: the state of its training ({', '.join(names)}) is missing or no such "
            f"state: take another checkpoint of the run, or begin a new run from its weights, "
            f"model.weights={resumed.path}"
        ) from error


def earlier_best(best: BestCheckpoint, resumed: Checkpoint) -> Path | None:
    """The best checkpoint that the interrupted run had; None where it had none, or it is of a later epoch.

    Args:
        best: the callback that keeps the best epoch.
        resumed: the checkpoint to go on from.
    """
    state = resumed.content["callbacks"].get(best.state_key)
    source = resumed.path.parent / "best.ckpt"
    if state is None or state.get("best_rank") is None or not source.exists() or best.dirpath is None:
        return None
    if read_checkpoint(source).content["epoch"] > resumed.content["epoch"]:
        log.warning("%s is of a later epoch than resume=%s: the best epoch is chosen anew", source, resumed.path)
        return None
    return source


def carry_best(best: BestCheckpoint, resumed: Checkpoint, source: Path) -> None:
    """Copy the interrupted run's best checkpoint into the new run's folder, as the one to beat.

    Args:
        best: the callback that keeps the best epoch.
        resumed: the checkpoint to go on from.
        source: see `earlier_best`.
    """
    assert best.dirpath is not None
    target = Path(best.dirpath) / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_first() and not (target.exists() and target.samefile(source)):
        write_atomic(target, source.read_bytes())
    best.go_on_from(target, resumed.content["callbacks"][best.state_key])


def how_to_go_on(trainer: pl.Trainer, folder: Path) -> str:
    """Where a training was stopped, in words, and the option with which it goes on."""
    last = folder / "checkpoints" / "last.ckpt"
    where = f"stopped in {epoch_name(trainer)}"
    if trainer.state.fn not in (None, TrainerFn.FITTING) or trainer.state.finished:
        where = "stopped after the last epoch"
    if last.exists():
        return f"{where}; go on with the same options and resume={from_here(last)}"
    again = f"{where}, before an epoch was saved; the same command begins again, with the faces that are there"
    return f"{again}; if it names its folder, give another than {from_here(folder)}" if last.parent.exists() else again


def require_same_options(resumed: Checkpoint, config: Mapping[str, Any], asked: Iterable[str]) -> None:
    """A run goes on with the options it was begun with, but for those that change no number.

    Args:
        resumed: the checkpoint to go on from.
        config: of the run that goes on, resolved.
        asked: the options that were given for it, as on the command line. One that the checkpoint's version of this
            project did not have yet is of interest only if it is among them, or part of a group that is.

    Raises:
        ConfigError: options differ, and all of them are named; or the run is of a version that chose its best epoch
            otherwise.
    """
    then, now = dict(_flat(resumed.card["config"])), dict(_flat(config))
    if then.get("callbacks.best.monitor") == _OLD_MONITOR:
        raise ConfigError(
            f"resume={resumed.path} is of an earlier version's run, which chose its best epoch by {_OLD_MONITOR}: this "
            f"version cannot go on with it; begin a new run from its weights, model.weights={resumed.path}"
        )
    given = {word.lstrip("+~").partition("=")[0].replace("/", ".") for word in asked}
    differing = []
    for name in sorted({**then, **now}):
        new = name not in then and not any(name == word or name.startswith(f"{word}.") for word in given)
        if not new and not _FREE.fullmatch(name) and then.get(name, _ABSENT) != now.get(name, _ABSENT):
            differing.append(f"{name} was {_shown(then.get(name, _ABSENT))}, and is {_shown(now.get(name, _ABSENT))}")
    if differing:
        raise ConfigError(
            f"resume={resumed.path} is of a run with other options: {'; '.join(differing)}. Give those it was begun "
            f"with (its .hydra/overrides.yaml holds them), or begin a new run from its weights, "
            f"model.weights={resumed.path}"
        )


_OLD_MONITOR = "val/selection"  # both numbers of `BestCheckpoint` in one
_ABSENT = "absent"
# Options that change no number: where things are, what they run on, how they are loaded and shown, and how long a run
# goes on, as far as the schedule does not depend on it.
_FREE = re.compile(
    r"resume|device|train|test|print_config|tags|notes|paths\..*|logger\..*|hydra\..*|extract\..*"
    r"|callbacks\.\w+\.(?:dirpath|path)|callbacks\.(?:every_epoch|progress|learning_rate|epoch_log)\..*"
    r"|data\.(?:\w+_)?root|data\.corpus\.(?:\w+_)?root|data\.corpus\.num_workers"
    r"|loader\.(?:num_workers|cache|cache_dir)"
    r"|faces\.finder\.(?:weights|device|batch_size)"
    r"|model\.weights|model\.backbone\.(?:weights|pretrained)"
    r"|trainer\.(?:max_epochs|accelerator|devices|num_nodes|strategy|log_every_n_steps|"
    r"enable_progress_bar|enable_model_summary|enable_checkpointing|profiler(?:\..*)?|max_time|plugins|benchmark)"
)


def _flat(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, node


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def require_same(resumed: Checkpoint, card: Mapping[str, Any]) -> None:
    """A run is resumed on the videos it was begun with; another network or corpus is another run.

    Args:
        resumed: the checkpoint to go on from.
        card: of the run that goes on.

    Raises:
        ConfigError: the network, its input or the videos differ.
    """

    def facts(of: Mapping[str, Any]) -> dict[str, Any]:
        return {"model": of["model"], "spec": of["spec"], "data": of["data"]["fingerprint"]}

    def contents(of: Mapping[str, Any]) -> Any:  # a card of before they were noted is like any other
        return of["data"].get("content", card["data"].get("content"))

    then, now = facts(resumed.card), facts(card)
    other = [name for name in then if then[name] != now[name]]
    if contents(resumed.card) != contents(card):
        other.append("content of the videos' files")
    if other:
        raise ConfigError(
            f"resume={resumed.path} is of a run with another {', '.join(other)}: give the options and the data it was "
            f"begun with, or begin a new run from its weights, model.weights={resumed.path}"
        )
