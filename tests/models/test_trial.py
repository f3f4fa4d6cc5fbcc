"""A size that a network does not take is refused when it is built, with the size that it takes."""

import pytest
import torch
from omegaconf import open_dict
from torch import Tensor, nn

from deepfake.checkpoints.initial_model import build_model
from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.temporal import Temporal
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
    message = f"model.size={other} is not for {name} .*: add model.size={size}, or another backbone"
    with pytest.raises(ConfigError, match=message) as error:
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


class Doubled(Temporal):
    """Promises as many features as it gets, and gives twice as many."""

    min_clip_length = 1

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(1).repeat(1, 2)


class TwoLogits(nn.Linear):
    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, 2)


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        ("backbone", "Wide", r"model.backbone Wide gives features of shape \(1, 4\) .* \(1, 3\) are expected"),
        ("temporal", "Doubled", r"model.temporal Doubled gives features of shape \(1, 128\) .* \(1, 64\) are expected"),
        ("head", "TwoLogits", r"model.head TwoLogits gives features of shape \(1, 2\) .* \(1, 1\) are expected"),
    ],
)
def test_a_part_that_gives_other_features_than_it_says(part: str, wrong: str, message: str) -> None:
    config = model_config("model.size=64")
    with open_dict(config):
        config[part] = {"_target_": f"{__name__}.{wrong}"} | ({} if part == "backbone" else {"_partial_": True})
    with pytest.raises(ConfigError, match=message):
        build_model(config)


def test_a_trial_leaves_no_trace() -> None:
    network = build_model(model_config("model.size=64"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    require_fitting(network)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(module.training for module in network.modules())
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
