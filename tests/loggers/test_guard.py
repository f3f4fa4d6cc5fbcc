"""A failing logger, wherever it fails, costs a training nothing but its own record."""

import logging
from typing import Any

import pytest
from pytorch_lightning.loggers import Logger

from deepfake.loggers.guard import GuardedLogger

ACTS = ["log_metrics", "log_hyperparams", "save", "finalize", "after_save_checkpoint"]


class Broken(Logger):
    """Fails in every method, and counts the calls."""

    name = "broken"
    version = "1"

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error
        self.asked = 0

    def _fail(self, *args: Any, **kwargs: Any) -> None:
        self.asked += 1
        raise self.error

    log_metrics = log_hyperparams = save = finalize = after_save_checkpoint = _fail


def use(logger: Logger, act: str) -> None:
    {
        "log_metrics": lambda: logger.log_metrics({"loss": 1.0}, 3),
        "log_hyperparams": lambda: logger.log_hyperparams({"seed": 0}),
        "save": logger.save,
        "finalize": lambda: logger.finalize("success"),
        "after_save_checkpoint": lambda: logger.after_save_checkpoint(None),  # type: ignore[arg-type]
    }[act]()


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("error", [ConnectionResetError("Connection lost"), OSError(28, "No space left on device")])
def test_a_failure_is_said_once(act: str, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    inner = Broken(error)
    logger = GuardedLogger(inner)
    with caplog.at_level(logging.WARNING):
        use(logger, act)
        for other in ACTS:
            use(logger, other)
    assert inner.asked == 1 and logger.failed
    (line,) = caplog.messages
    assert line.startswith("Broken failed") and str(error) in line


def test_a_user_who_stops_is_no_failure_of_a_logger() -> None:
    with pytest.raises(KeyboardInterrupt):
        GuardedLogger(Broken(KeyboardInterrupt())).log_metrics({})


def test_it_has_the_names_of_the_other() -> None:
    logger = GuardedLogger(Broken(OSError()))
    assert (logger.name, logger.version, logger.save_dir) == ("broken", "1", None)
