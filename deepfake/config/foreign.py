"""Types of options of other libraries' classes whose own annotations are laxer than their code."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from hydra.errors import InstantiationException
from pydantic import Field

from deepfake.errors import ConfigError
from deepfake.ranges import LARGEST, Above0, Amount, Below1, Count, Finite, NotNegative, PathName, Share, Word

_CALLED = re.compile(r"Error in call to target '([\w.]+)'")
_KEY = re.compile(r"^full_key: (\S+)$", re.MULTILINE)

_Batches = Annotated[int, Field(ge=0, le=LARGEST)] | Share | None  # a number of batches, or a share of them
_Every = Count | None
_Devices = (
    Literal["auto", -1] | Annotated[int, Field(ge=1, le=1_000)] | Annotated[str, Field(pattern=r"^(-1|\d+(,\d+)*,?)$")]
)

# Class or base class -> parameter -> type; other parameters keep the class's own annotation.
TYPES: Mapping[str, Mapping[str, Any]] = {
    "torch.optim.optimizer.Optimizer": {
        "lr": Above0,
        "weight_decay": NotNegative,
        "eps": Above0,
        "betas": tuple[Below1, Below1],
        "momentum": Share,
        "dampening": Share,
        "alpha": Share,
    },
    "torch.optim.lr_scheduler.LRScheduler": {
        "factor": Share,
        "start_factor": Annotated[float, Field(gt=0, le=1)],
        "end_factor": Share,
        "gamma": Above0,
        "step_size": Count,
        "milestones": Sequence[Count],
        "T_max": Count,
        "T_0": Count,
        "eta_min": NotNegative,
        "total_iters": Amount,
        "last_epoch": Literal[-1],
    },
    "torch.nn.modules.loss._Loss": {
        "reduction": Literal["mean", "sum"],  # training needs a single number
        "weight": None,
        "pos_weight": None,
        "size_average": None,
        "reduce": None,
    },
    "pytorch_lightning.trainer.trainer.Trainer": {
        "accelerator": Word,
        "strategy": Word,
        "devices": _Devices | Annotated[list[Annotated[int, Field(ge=0, le=1_000)]], Field(min_length=1)],
        "num_nodes": Annotated[int, Field(ge=1, le=100_000)],
        "fast_dev_run": bool | Amount,
        "max_epochs": Count | Literal[-1] | None,
        "min_epochs": _Every,
        "max_steps": Count | Literal[-1],
        "min_steps": _Every,
        "max_time": Annotated[str, Field(pattern=r"^\d+:\d\d:\d\d:\d\d$", description="DD:HH:MM:SS")] | None,
        "limit_train_batches": _Batches,
        "limit_val_batches": _Batches,
        "limit_test_batches": _Batches,
        "limit_predict_batches": _Batches,
        "overfit_batches": Amount | Share,
        "val_check_interval": _Every | Annotated[float, Field(gt=0, le=1)],
        "check_val_every_n_epoch": _Every,
        "num_sanity_val_steps": Amount | Literal[-1] | None,
        "log_every_n_steps": Amount | None,
        "accumulate_grad_batches": Count,
        "gradient_clip_val": NotNegative | None,
        "gradient_clip_algorithm": Literal["value", "norm"] | None,
        "profiler": Literal["simple", "advanced", "pytorch", "xla"] | None,
        "reload_dataloaders_every_n_epochs": Amount,
        "default_root_dir": PathName | None,
    },
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint": {
        "dirpath": PathName | None,
        "mode": Literal["min", "max"],
        "save_top_k": Amount | Literal[-1],
        "every_n_train_steps": Amount | None,
        "train_time_interval": None,
        "every_n_epochs": Amount | None,
    },
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping": {
        "mode": Literal["min", "max"],
        "patience": Amount,
        "min_delta": Finite,
    },
    "pytorch_lightning.callbacks.progress.tqdm_progress.TQDMProgressBar": {"refresh_rate": Amount},
    "pytorch_lightning.loggers.csv_logs.CSVLogger": {
        "save_dir": PathName,
        "version": Amount | str | None,
        "flush_logs_every_n_steps": Count,
    },
}


def foreign_types(target: Any) -> dict[str, Any]:
    """Return parameter -> type for a class and its bases; empty for our own classes."""
    found: dict[str, Any] = {}
    for base in reversed(getattr(target, "__mro__", ())):
        found |= TYPES.get(f"{base.__module__}.{base.__qualname__}", {})
    return found


def refusal(error: BaseException) -> ConfigError | None:
    """Return why another library's constructor rejects options whose types are right; None for any other error.

    Args:
        error: the error that Hydra raised around the constructor's.
    """
    called = _CALLED.match(str(error)) if isinstance(error, InstantiationException) else None
    if called is None or called[1].startswith("deepfake.") or error.__cause__ is None:
        return None
    name = _KEY.search(str(error))
    reason = " ".join(str(error.__cause__).split()) or type(error.__cause__).__name__
    return ConfigError(f"{name[1] if name else 'an option'} is refused by {called[1].rpartition('.')[2]}: {reason}")
