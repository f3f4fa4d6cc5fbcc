"""Options whose default, or whose choice, is a number of RECIPES.md: optimizers, schedules, losses and networks."""

import math
from functools import partial

import pytest
import timm
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import nn

from deepfake.losses.gend import Gend
from deepfake.optim.sam import Sam
from tests.schedules.test_schedules import rates as rates_of
from tests.test_configs import composed


def optimizer_of(cfg: DictConfig) -> torch.optim.Optimizer:
    optimizer: torch.optim.Optimizer = instantiate(cfg.optimizer)(nn.Linear(1, 1).parameters())
    return optimizer


def rates(cfg: DictConfig, number: int, steps_per_epoch: int) -> list[float]:
    """Return the learning rates before each of a number of units, of the config's own rate and schedule."""
    return rates_of(partial(instantiate(cfg.scheduler), steps_per_epoch=steps_per_epoch), cfg.optimizer.lr, number)


def test_self_blended_images_train_by_sam_held_for_75_of_100_epochs() -> None:
    """SAM over SGD, 1e-3, momentum .9, rho .05, no decay; 16 items are 32 images; 8 frames of a video."""
    cfg = composed("augment=sbi", "optimizer=sam", "scheduler=hold_linear", "trainer.max_epochs=100")
    optimizer = optimizer_of(cfg)
    assert isinstance(optimizer, Sam) and isinstance(optimizer, torch.optim.SGD) and optimizer.rho == 0.05
    group = optimizer.param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (1e-3, 0.9, 0)
    assert not group["nesterov"] and group["dampening"] == 0
    found = rates(cfg, 101, steps_per_epoch=1)
    assert cfg.scheduler.by == "epoch"
    assert found[:76] == [1e-3] * 76
    assert found[76:] == pytest.approx([1e-3 * (100 - epoch) / 25 for epoch in range(76, 101)])
    assert (cfg.loader.batch_size, cfg.sampling.clips_per_video) == (32, 8)


def test_gend_trains_by_adamw_with_warm_restarts_for_each_step() -> None:
    """AdamW 3e-4, betas .9 and .999, no decay; a cosine with restarts after 10 epochs, per step, to 1e-6."""
    options = ["optimizer=adamw", "optimizer.lr=3e-4", "optimizer.weight_decay=0", "scheduler=warm_restarts"]
    cfg = composed(*options)
    optimizer = optimizer_of(cfg)
    assert isinstance(optimizer, torch.optim.AdamW)
    group = optimizer.param_groups[0]
    assert (group["lr"], group["betas"], group["weight_decay"]) == (3e-4, (0.9, 0.999), 0)
    found = rates(cfg, 231, steps_per_epoch=23)
    expected = [1e-6 + (3e-4 - 1e-6) * (1 + math.cos(math.pi * (step % 230) / 230)) / 2 for step in range(231)]
    assert found == pytest.approx(expected)
    assert cfg.scheduler.by == "step" and found[115] == pytest.approx((3e-4 + 1e-6) / 2) and found[230] == 3e-4


def test_the_dfdc_winner_trains_by_sgd_with_a_polynomial_for_each_step() -> None:
    """SGD .01 with Nesterov's momentum, decay 1e-4, polynomial per step."""
    options = ["optimizer=sgd", "optimizer.nesterov=true", "optimizer.weight_decay=1e-4", "scheduler=polynomial"]
    cfg = composed(*options, "trainer.max_epochs=5")
    group = optimizer_of(cfg).param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"], group["nesterov"]) == (0.01, 0.9, 1e-4, True)
    assert cfg.scheduler.by == "step"
    found = rates(cfg, 51, steps_per_epoch=10)
    assert found == pytest.approx([0.01 * (1 - step / 50) ** 0.9 for step in range(51)])


def test_effort_and_deepfakebench_train_by_adam() -> None:
    """Adam 2e-4, decay 5e-4."""
    optimizer = optimizer_of(composed("optimizer=adam", "optimizer.lr=2e-4", "optimizer.weight_decay=5e-4"))
    assert type(optimizer) is torch.optim.Adam
    group = optimizer.param_groups[0]
    assert (group["lr"], group["betas"], group["weight_decay"]) == (2e-4, (0.9, 0.999), 5e-4)


def test_gends_weights_are_those_for_clip() -> None:
    loss = instantiate(composed("loss=gend").loss)
    assert isinstance(loss, Gend) and (loss.uniformity, loss.alignment) == (0.5, 0.1)


@pytest.mark.parametrize(
    ("model", "name", "pool"),
    [
        ("clip", "vit_large_patch14_clip_quickgelu_224.openai", "token"),
        ("pe", "vit_pe_core_large_patch14_336.fb", "map"),
        ("dinov3", "vit_large_patch16_dinov3.lvd1689m", "token"),
    ],
)
def test_foundation_models_have_the_weights_of_gend_at_224(model: str, name: str, pool: str) -> None:
    cfg = composed(f"model={model}").model
    assert (cfg.backbone.name, cfg.backbone.pool, cfg.size) == (name, pool, 224)
    assert cfg.backbone.any_size and cfg.backbone.pretrained


@pytest.mark.parametrize(
    "name",
    [
        "vit_large_patch14_clip_quickgelu_224.openai",
        "vit_pe_core_large_patch14_336.fb",
        "vit_large_patch16_dinov3.lvd1689m",
        "tf_efficientnet_b4.ap_in1k",  # self-blended images: AdvProp
        "tf_efficientnet_b7.ns_jft_in1k",  # the DFDC winner: NoisyStudent
    ],
)
def test_timm_offers_the_weights_that_recipes_name(name: str) -> None:
    assert timm.list_pretrained(name) == [name]


def test_tall_shows_four_frames_as_one_picture() -> None:
    cfg = composed("representation=thumbnail").model
    assert (cfg.clip_length, cfg.frame_stride, cfg.layout) == (4, 1, "thumbnail")
