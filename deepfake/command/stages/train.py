"""The options of `scripts/train.py`."""

from collections.abc import Callable

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from deepfake.command.stages.faces import EXTRACT, FACES
from deepfake.command.stages.groups import PATHS, data
from deepfake.command.stages.networks import LOADER, MODEL, REPRESENTATION, SAMPLING
from deepfake.config.check import Built, Each, Group
from deepfake.data.augment import Augmentation
from deepfake.optim.rates import Rates
from deepfake.options import types_of
from deepfake.ranges import Aggregate, Device, Note, PathName, Seed, Tags

OPTIONS = Group(
    {
        "paths": PATHS,
        "device": Device,
        "extract": EXTRACT,
        "faces": FACES,
        "data": data(),
        "sampling": SAMPLING,
        "loader": LOADER,
        "representation": REPRESENTATION,
        "augment": Built(Augmentation),
        "loss": Built(nn.Module),
        "optimizer": Built(Callable[..., Optimizer]),
        "scheduler": Built(Callable[..., LRScheduler], given=("steps_per_epoch",)),
        "rates": Group(types_of(Rates)),
        "trainer": Built(pl.Trainer, given=("callbacks", "logger", "plugins")),
        "callbacks": Each(Built(pl.Callback)),
        "logger": Each(Built(Logger)),
        "model": MODEL,
        "seed": Seed,
        "resume": PathName | None,
        "compile": bool,
        "tf32": bool,
        "deterministic": bool,
        "aggregate": Aggregate,
        "train": bool,
        "test": bool,
        "print_config": bool,
        "tags": Tags,
        "notes": Note | None,
        "sweep": Group({"resume": PathName | None}),
    }
)
