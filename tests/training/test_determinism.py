"""What `deterministic=true` sets, puts back, repeats and refuses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from deepfake.errors import ConfigError
from deepfake.task import DetectorTask
from deepfake.training.determinism import repeatable
from tests.conftest import TINY, Run

OPTIONS = [*TINY, "trainer.max_epochs=1", "model.size=64", "test=false", "deterministic=true"]


def switches() -> tuple[bool, bool, bool, str | None]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    yield
    assert switches() == (False, False, True, None)


def unrepeatable() -> Tensor:
    return torch.zeros(2).put_(torch.tensor([0, 0]), torch.ones(2))


class Unrepeatable(Dataset[Tensor]):
    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Tensor:
        return unrepeatable()


def test_all_is_set_inside_and_put_back_after() -> None:
    with repeatable(True):
        assert switches() == (True, False, False, ":4096:8")
    with repeatable(False):
        assert switches() == (False, False, True, None)


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    with repeatable(True):
        assert switches() == (True, False, False, ":16:8")
    assert os.environ.pop("CUBLAS_WORKSPACE_CONFIG") == ":16:8"


@pytest.mark.parametrize("num_workers", [0, 1])
def test_an_operation_without_such_a_form_is_named_in_one_line(num_workers: int) -> None:
    with pytest.raises(ConfigError) as caught, repeatable(True):
        next(iter(DataLoader(Unrepeatable(), num_workers=num_workers)))
    assert str(caught.value) == (
        "deterministic=true: put_ does not have a deterministic implementation; train on another device or with a part "
        "that does not use it, or set deterministic=false"
    )


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="of shape"), repeatable(True):
        raise RuntimeError("of shape")
    # What torch says where cuBLAS was called before its variable was set, or with another value.
    words = "Deterministic behavior was enabled with either `torch.use_deterministic_algorithms(True)` or ... you must "
    with pytest.raises(ConfigError, match=r"needs CUBLAS_WORKSPACE_CONFIG=:4096:8 in the env"), repeatable(True):
        raise RuntimeError(f"{words} set CUBLAS_WORKSPACE_CONFIG=:4096:8 or CUBLAS_WORKSPACE_CONFIG=:16:8")


def test_two_runs_are_equal_bit_for_bit(script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(DetectorTask, "on_train_epoch_end", lambda self: seen.append(switches()))
    states = []
    for name in ("first", "second"):
        assert script("train", *OPTIONS, f"hydra.run.dir={name}") == 0
        checkpoint = torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)
        assert checkpoint["deepfake"]["config"]["deterministic"] is True
        states.append(checkpoint["state_dict"])
    assert seen == [(True, False, False, ":4096:8")] * 2
    assert states[0].keys() == states[1].keys()
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key
    assert "; deterministic algorithms" in (tmp_path / "first" / "train.log").read_text()
    assert '"deterministic=true"' in (tmp_path / "first" / "metrics.json").read_text()


def test_a_run_that_cannot_repeat_itself_ends_with_one_line(
    script: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(DetectorTask, "_loss", lambda self, batch: unrepeatable().sum())
    assert script("train", *OPTIONS) == 1
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error")]
    assert line.startswith("error: deterministic=true: put_ does not have a deterministic implementation; train on")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("+trainer.benchmark=true", "deterministic=true excludes trainer.benchmark=true"),
        ("+trainer.deterministic=true", "trainer.deterministic would outlast this run"),
    ],
)
def test_what_contradicts_it_is_refused(
    option: str, message: str, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("train", *OPTIONS, option) == 1
    error = capfd.readouterr().err.strip()
    assert error.startswith(f"error: {message}") and "\n" not in error
