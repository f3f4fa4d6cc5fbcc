"""Lets a training repeat itself bit for bit."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from deepfake.command.entry import one_line
from deepfake.errors import ConfigError

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_REFUSED = "torch.use_deterministic_algorithms(True)"  # is in every message about an operation that torch refuses


@contextmanager
def repeatable(on: bool) -> Iterator[None]:
    """Use only algorithms that give the same bits every time, inside the block and nowhere else.

    Equal bits also need the same machine, packages, devices and number of threads. cuBLAS reads its variable when a
    process first multiplies on a card, so the block has to begin before that.

    Args:
        on: without it nothing is done.

    Raises:
        ConfigError: an operation has no such algorithm in torch.
    """
    if not on:
        yield
        return
    algorithms = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark, variable = torch.backends.cudnn.benchmark, os.environ.get(_CUBLAS)
    os.environ.setdefault(_CUBLAS, ":4096:8")
    torch.backends.cudnn.benchmark = False  # it chooses algorithms by the time that they take
    torch.use_deterministic_algorithms(True)
    try:
        yield
    except RuntimeError as error:
        if refusal := _refusal(one_line(str(error))):
            raise refusal from error
        raise
    finally:
        torch.use_deterministic_algorithms(algorithms[0], warn_only=algorithms[1])
        torch.backends.cudnn.benchmark = benchmark
        if variable is None:
            os.environ.pop(_CUBLAS, None)


def _refusal(message: str) -> ConfigError | None:
    """Return what torch refuses as a mistake that a user can correct; None for any other error."""
    if _REFUSED not in message:
        return None
    if _CUBLAS in message:
        return ConfigError(f"deterministic=true needs {_CUBLAS}=:4096:8 in the environment when the command begins")
    return ConfigError(
        f"deterministic=true: {message.partition(', but ')[0]}; train on another device or with a part that does "
        "not use it, or set deterministic=false"
    )
