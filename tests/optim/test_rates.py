"""The backbone's layers get the learning rates that were asked for, and stand still for as long as was asked for."""

from functools import partial

import pytest
import torch

from deepfake.errors import ConfigError
from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.backbones.timm import Timm
from deepfake.models.detector import Detector
from deepfake.models.heads import LinearHead
from deepfake.models.temporal.mean import Mean
from deepfake.optim.rates import Rates, depths


def of(backbone: object) -> Detector:
    return Detector(backbone, Mean, LinearHead, clip_length=1, frame_stride=1, margin=1.3, size=32)  # type: ignore[arg-type]


def test_a_factor_and_a_decay_give_each_layer_its_rate() -> None:
    detector = of(Timm("test_vit"))
    blocks = len(detector.backbone.network.blocks)  # type: ignore[union-attr, arg-type]
    optimizer = Rates(0.1, 0.5).optimizer(partial(torch.optim.SGD, lr=1.0), detector)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    found = {name: rates[id(parameter)] for name, parameter in detector.named_parameters()}
    assert found["head.1.weight"] == 1.0
    assert found["backbone.network.norm.weight"] == pytest.approx(0.1)
    for index in range(blocks):
        expected = 0.1 * 0.5 ** (blocks - index)
        assert found[f"backbone.network.blocks.{index}.attn.qkv.weight"] == pytest.approx(expected)
    assert found["backbone.network.patch_embed.proj.weight"] == pytest.approx(0.1 * 0.5 ** (blocks + 1))
    assert len(found) == len([*detector.parameters()]) == len(rates)


def test_one_rate_for_all_is_one_group() -> None:
    optimizer = Rates().optimizer(torch.optim.Adam, of(Meso4(32)))
    assert len(optimizer.param_groups) == 1


def test_a_backbone_without_a_row_of_layers_is_refused() -> None:
    with torch.device("meta"):
        backbone = Timm("legacy_xception")
    with pytest.raises(ConfigError, match="Timm legacy_xception has none: use rates.backbone_factor"):
        depths(backbone)


def test_a_frozen_backbone_stays_in_eval_mode_and_comes_back() -> None:
    detector = of(Meso4(32))
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    detector.freeze_backbone(True)
    detector.train()
    detector(torch.rand(4, 1, 3, 32, 32)).sum().backward()
    assert all(torch.equal(value, before[name]) for name, value in detector.state_dict().items())
    assert all(parameter.grad is None for parameter in detector.backbone.parameters())
    assert detector.head.training and not any(module.training for module in detector.backbone.modules())
    detector.freeze_backbone(False)
    detector(torch.rand(4, 1, 3, 32, 32)).sum().backward()
    assert all(parameter.grad is not None for parameter in detector.parameters())
    assert all(module.training for module in detector.modules())


def test_what_differs_is_said() -> None:
    assert Rates().words() == ""
    assert Rates(0.1, 0.5, 2).words() == (
        "the backbone's learning rate times 0.1, times 0.5 for each layer further from the head, the backbone frozen "
        "for 2 epochs"
    )
