"""Keep logger failures from stopping training: a failing logger is reported once, and training goes on without it.

Lightning counts epochs from 0 in what it logs, unlike people, checkpoints and the screen; loggers get them from 1 on.
"""

import logging
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import Logger

log = logging.getLogger(__name__)


class GuardedLogger(Logger):
    """Passes calls on to another logger until that one fails.

    Args:
        inner: the other logger, which remains accessible.
    """

    def __init__(self, inner: Logger) -> None:
        super().__init__()
        self.inner = inner
        self.failed = False

    @property
    def name(self) -> str | None:
        return self.inner.name

    @property
    def version(self) -> int | str | None:
        return self.inner.version

    @property
    def save_dir(self) -> str | None:
        return self.inner.save_dir

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        epoch = {"epoch": metrics["epoch"] + 1} if "epoch" in metrics else {}
        if any(name.startswith("test/") for name in metrics):  # of the best epoch, not of the one that Lightning names
            metrics, epoch = {name: value for name, value in metrics.items() if name != "epoch"}, {}
        self.attempt(lambda: self.inner.log_metrics({**metrics, **epoch}, step))

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        self.attempt(lambda: self.inner.log_hyperparams(params, *args, **kwargs))

    def save(self) -> None:
        self.attempt(self.inner.save)

    def finalize(self, status: str) -> None:
        self.attempt(lambda: self.inner.finalize(status))

    def after_save_checkpoint(self, checkpoint_callback: ModelCheckpoint) -> None:
        self.attempt(lambda: self.inner.after_save_checkpoint(checkpoint_callback))

    def attempt(self, act: Callable[[], object]) -> None:
        """Call a function on the other logger, unless that has failed before."""
        if self.failed:
            return
        try:
            act()
        except Exception as error:
            self.failed = True
            log.warning(
                "%s failed (%s: %s): the run goes on without it; what it has so far is kept",
                type(self.inner).__name__,
                type(error).__name__,
                error,
            )
