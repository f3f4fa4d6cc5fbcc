"""What trains is what was asked for, in number and in fact, and the rest stands still."""

import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.backbones.timm import Timm
from deepfake.models.detector import Detector
from deepfake.models.heads import LinearHead
from deepfake.models.temporal.lstm import Lstm
from deepfake.models.temporal.mean import Mean
from deepfake.models.tune import Tune
from deepfake.models.tune.all import All
from deepfake.models.tune.effort import Effort
from deepfake.models.tune.head import Head
from deepfake.models.tune.lora import Lora
from deepfake.models.tune.norm import Norm


def detector(backbone: Backbone, tune: Tune | None, length: int = 1) -> Detector:
    temporal = Mean if length == 1 else Lstm
    return Detector(backbone, temporal, LinearHead, clip_length=length, frame_stride=1, margin=1.3, size=160, tune=tune)


def vit() -> Timm:
    torch.manual_seed(0)
    return Timm("test_vit")


def trainable(module: nn.Module) -> dict[str, nn.Parameter]:
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize(
    ("name", "number", "tensors"),
    [
        ("vit_large_patch14_clip_quickgelu_224", 102_400, 100),
        ("vit_large_patch16_dinov3", 100_352, 98),
        ("vit_pe_core_large_patch14_336", 104_448, 102),
    ],
)
def test_norm_trains_the_parameters_that_gend_states(name: str, number: int, tensors: int) -> None:
    with torch.device("meta"):
        backbone = Timm(name)
    Norm().apply(backbone)
    found = trainable(backbone)
    assert (sum(parameter.numel() for parameter in found.values()), len(found)) == (number, tensors)


def test_effort_trains_a_fifth_of_a_million_parameters_of_clip() -> None:
    with torch.device("meta"):
        backbone = Timm("vit_large_patch14_clip_quickgelu_224")
        Effort().apply(backbone)
    assert sum(parameter.numel() for parameter in trainable(backbone).values()) == 24 * 4 * (1024 + 1 + 1024)


def step(model: Detector) -> tuple[set[str], set[str]]:
    """Take a step in training mode; return what moved of the state, and what was to train."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    names = set(trainable(model))
    optimizer = torch.optim.SGD(trainable(model).values(), lr=1.0)
    for _ in range(2):  # LoRA's first step moves only one of two matrices
        optimizer.zero_grad()
        model.train()(torch.rand(2, model.spec.clip_length, 3, 160, 160)).square().sum().backward()
        optimizer.step()
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}, names


def has_peft() -> bool:
    try:
        import peft  # noqa: F401
    except ImportError:
        return False
    return True


needs_peft = pytest.mark.skipif(not has_peft(), reason="peft is an extra")
TUNES = [Head, Norm, Effort, pytest.param(Lora, marks=needs_peft)]


@pytest.mark.parametrize("tune", TUNES)
def test_what_is_frozen_stands_still_and_what_trains_moves(tune: Callable[[], Tune]) -> None:
    model = detector(vit(), tune(), length=2)
    moved, names = step(model)
    assert moved <= names and not moved & set(model.fixed)
    assert {"temporal", "head"} <= {name.partition(".")[0] for name in moved}
    assert any(name.startswith("backbone") for name in moved) == (tune is not Head)


@pytest.mark.parametrize("tune", [Effort, pytest.param(Lora, marks=needs_peft)])
def test_additions_change_nothing_before_they_train(tune: Callable[[], Tune]) -> None:
    images = torch.rand(2, 3, 160, 160)
    plain, tuned = vit().eval(), vit().eval()
    tune().apply(tuned)
    with torch.no_grad():
        torch.testing.assert_close(plain(images), tuned(images), rtol=0, atol=1e-5)


def test_effort_is_the_fixed_part_and_a_direction_for_each_of_q_k_and_v() -> None:
    backbone = vit()
    layer = backbone.network.blocks[0].attn.qkv  # type: ignore[union-attr, index]
    original = layer.weight.detach().double().numpy()
    Effort().apply(backbone)
    addition = layer.parametrizations.weight[0]
    with torch.no_grad():
        for parameter in addition.parameters():
            parameter.copy_(torch.rand_like(parameter))
    expected = []
    for index, matrix in enumerate(np.split(original, 3)):
        left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
        fixed = left[:, :-1] * sizes[:-1] @ right[:-1]
        now = [getattr(addition, name)[index].detach().double().numpy() for name in ("left", "sizes", "right")]
        expected.append(fixed + now[1] * np.outer(now[0], now[2]))
    np.testing.assert_allclose(layer.weight.detach().numpy(), np.concatenate(expected), atol=1e-5)


def test_a_frozen_batch_norm_keeps_its_statistics_and_a_tuned_one_does_not() -> None:
    def mode(tune: Tune) -> tuple[bool, bool]:
        model = detector(Meso4(160), tune).train()
        norms = [module for module in model.backbone.modules() if isinstance(module, nn.BatchNorm2d)]
        return norms[0].training, model.head.training

    assert mode(Head()) == (False, True) and mode(Norm()) == mode(All()) == (True, True)


@pytest.mark.parametrize("tune", [Effort, Lora])
def test_a_network_without_attention_is_refused(tune: Callable[[], Tune]) -> None:
    with pytest.raises(
        ConfigError, match="changes the attention of a transformer, and Meso4  has none: choose model/t"
    ):
        detector(Meso4(32), tune())


def test_lora_without_peft_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigError, match="model/tune=lora needs the package peft .*: uv sync --extra lora"):
        detector(vit(), Lora())
