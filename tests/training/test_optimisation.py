"""What is said of the optimisation, and what makes it faster."""

import logging
from collections.abc import Iterator

import pytest
import torch

from deepfake.checkpoints.initial_model import build_model
from deepfake.config.plain import plain
from deepfake.training.optimisation import log_optimisation, speed_up
from tests.test_configs import composed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "training: Adam, learning rate 0.001; schedule CosineAnnealingLR"),
        (
            ["optimizer=sam", "scheduler=hold_linear"],
            "training: Sam, learning rate 0.001; schedule hold_linear by epoch",
        ),
        (["rates.backbone_factor=0.1", "rates.layer_decay=0.8"], "times 0.1, times 0.8 for each layer further from"),
        (["rates.frozen_epochs=2"], "the backbone frozen for 2 epochs"),
        (["trainer.accumulate_grad_batches=4"], "gradients of 4 batches a step"),
        (["trainer.gradient_clip_val=1.0"], "gradients clipped to norm 1"),
        (["callbacks=ema"], "running mean of the weights, decay 0.999"),
        (["callbacks=early_stopping"], "ends 5 epochs after the best val/video/log_loss"),
        (["compile=true", "tf32=true"], "; compiled; TF32"),
    ],
    ids=" ".join,
)
def test_the_log_says_what_differs(options: list[str], said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_optimisation(plain(composed(*options, "logger=csv", "paths.output_dir=run")))
    assert len(caplog.messages) == 1 and said in caplog.messages[0]


@pytest.fixture
def precision() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.usefixtures("precision")
def test_what_is_asked_for_is_switched_on() -> None:
    detector = build_model(composed("model.size=64").model)
    speed_up(detector, compiled=False, tf32=False)
    assert detector.backbone._compiled_call_impl is None and torch.get_float32_matmul_precision() == "highest"
    speed_up(detector, compiled=True, tf32=True)
    assert detector.backbone._compiled_call_impl is not None and torch.get_float32_matmul_precision() == "high"
