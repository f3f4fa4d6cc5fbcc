"""What is said of the optimisation, and what makes it faster."""

import logging
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from pytorch_lightning.strategies import DDPStrategy, FSDPStrategy

from deepfake.checkpoints.initial_model import build_model
from deepfake.config.plain import plain
from deepfake.errors import ConfigError
from deepfake.training.optimisation import log_optimisation, require_possible, speed_up
from deepfake.training.trainer import build_trainer
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
        (["deterministic=true"], "; deterministic algorithms"),
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


ON_CPUS = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["optimizer=sam", "+trainer.strategy=ddp", "trainer.devices=2"], None),
        (["optimizer=sam", "+trainer.strategy=ddp", "+trainer.num_nodes=2"], None),
        (["rates.frozen_epochs=1", "+trainer.strategy=ddp", "trainer.devices=2"], "rates.frozen_epochs works on one"),
        ([*ON_CPUS], "works on GPUs only: set trainer.sync_batchnorm=false"),
        ([*ON_CPUS, "trainer.sync_batchnorm=false"], None),
        (["deterministic=true", "tf32=true"], None),  # it rounds more, but always alike
        (["deterministic=true", "+trainer.benchmark=true"], "deterministic=true excludes trainer.benchmark=true"),
    ],
    ids=str,
)
def test_what_cannot_work_together_is_refused(options: list[str], message: str | None, tmp_path: Path) -> None:
    config = composed("trainer=cpu", "logger=csv", "paths.output_dir=run", *options)
    trainer = build_trainer(config.trainer, [], tmp_path)
    with nullcontext() if message is None else pytest.raises(ConfigError, match=message):
        require_possible(trainer, plain(config))


@pytest.mark.parametrize(
    ("scaler", "strategy", "message"),
    [
        (None, FSDPStrategy, "optimizer=sam works on several devices with trainer.strategy=ddp only"),
        (object(), DDPStrategy, "trainer.precision=16-mixed would scale alike: use trainer.precision=bf16-mixed"),
    ],
)
def test_sam_is_refused_where_its_two_gradients_would_be_wrong(scaler: object, strategy: type, message: str) -> None:
    of_devices = {"num_devices": 2, "num_nodes": 1, "strategy": object.__new__(strategy)}
    trainer = SimpleNamespace(precision_plugin=SimpleNamespace(scaler=scaler), **of_devices)
    config = plain(composed("optimizer=sam", "logger=csv", "paths.output_dir=run"))
    with pytest.raises(ConfigError, match=message):
        require_possible(trainer, config)  # type: ignore[arg-type]
