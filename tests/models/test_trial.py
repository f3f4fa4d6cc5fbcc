"""A size that a network does not take is refused when it is built, with the size that it takes."""

import pytest
import torch
from torch import Tensor

from deepfake.checkpoints.initial_model import build_model
from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.trial import require_fitting
from tests.models.test_detector import model_config

TIMM = ["model=effnet", "model.backbone.pretrained=false"]
# One small network of each family; half of them take only one size.
FIXED = {
    "vit_tiny_patch16_384": 384,
    "swin_tiny_patch4_window7_224": 224,
    "levit_128s": 224,
    "mixer_s32_224": 224,
    "deit_tiny_patch16_224": 224,
    "maxvit_rmlp_pico_rw_256": 256,
    "volo_d1_224": 224,
}
FREE = ["test_efficientnet", "resnet18", "mobilenetv3_small_050", "convnext_atto", "xcit_nano_12_p16_224"]


@pytest.mark.parametrize(("name", "size"), FIXED.items())
def test_a_network_of_one_size_names_it(name: str, size: int) -> None:
    options = [*TIMM, f"model.backbone.name={name}"]
    other = 224 if size != 224 else 250
    said = f"model.size={other} is not for {name} .*: add model.size={size}, or another backbone"
    with pytest.raises(ConfigError, match=said) as error:
        build_model(model_config(*options, f"model.size={other}"))
    assert "\n" not in str(error.value)
    assert build_model(model_config(*options, f"model.size={size}")).training


@pytest.mark.parametrize("name", FREE)
def test_a_network_of_any_size_is_left_alone(name: str) -> None:
    torch.manual_seed(0)
    network = build_model(model_config(*TIMM, f"model.backbone.name={name}", "model.size=256"))
    after = torch.rand(1)
    assert all(module.training for module in network.modules())
    buffers = dict(network.named_buffers())
    assert all((buffers[key] == 0).all() for key in buffers if key.endswith(("num_batches_tracked", "running_mean")))
    torch.manual_seed(0)
    require_fitting(build_model(model_config(*TIMM, f"model.backbone.name={name}", "model.size=256")))
    assert torch.equal(after, torch.rand(1))  # a trial draws no random numbers


class Wide(Backbone):
    """Declares three features and returns four."""

    num_features, mean, std = 3, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3)).repeat(1, 2)[:, :4]


def test_a_network_that_gives_other_features_than_it_says() -> None:
    network = build_model(model_config("model.size=32"))
    network.backbone = Wide()
    with pytest.raises(ConfigError, match=r"Wide gives features of shape \(1, 4\) .* \(1, 3\) are expected"):
        require_fitting(network)
