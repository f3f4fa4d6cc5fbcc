"""A size that a network does not take is refused when it is built, with the size that it takes."""

import pytest
import torch
from omegaconf import DictConfig, open_dict
from torch import Tensor, nn

from deepfake.checkpoints.initial_model import build_model
from deepfake.command.entry import mistake_of
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


class Silent(Backbone):
    """Says nothing about itself."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))


class Bare(Silent):
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


class Unsaid(Temporal):
    """Lacks both of its attributes."""

    def __init__(self, num_features: int) -> None:
        super().__init__()

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(1)


class Endless(Unsaid):
    def __init__(self, num_features: int) -> None:
        super().__init__(num_features)
        self.num_features = num_features


class Mixing(Endless):
    """Weighs frames over the clips of a batch, where it means those of a clip."""

    min_clip_length = 1

    def forward(self, features: Tensor) -> Tensor:
        return (features.softmax(0) * features).mean(1)


class Merging(Mixing):
    """Takes the mean of the clips of a batch, where it means that of a clip's frames."""

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(0)


class MixingHead(nn.Linear):
    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, 1)

    def forward(self, clips: Tensor) -> Tensor:
        return super().forward(clips - clips.mean(0))


class TwoLogits(nn.Linear):
    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, 2)


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        ("backbone", "Wide", r"model.backbone Wide returns shape \(1, 4\) .* \(1, 3\) is expected"),
        ("backbone", "Wide", "choose another backbone, or correct its num_features$"),
        ("temporal", "Doubled", r"model.temporal Doubled returns shape \(1, 128\) .* \(1, 64\) is expected"),
        ("temporal", "Doubled", "choose another temporal module, or correct its num_features$"),
        ("head", "TwoLogits", r"model.head TwoLogits returns shape \(1, 2\) .* \(1, 1\) is expected"),
    ],
)
def test_a_part_that_gives_other_features_than_it_says(part: str, wrong: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_model(with_part(part, wrong))


@pytest.mark.parametrize(("part", "mixing"), [("temporal", "Mixing"), ("temporal", "Merging"), ("head", "MixingHead")])
def test_a_part_that_mixes_the_clips_of_a_batch(part: str, mixing: str) -> None:
    said = f"model.{part} {mixing} gives a clip another result when another clip is in its batch: let it compute each"
    with pytest.raises(ConfigError, match=said):
        build_model(with_part(part, mixing))


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        ("backbone", "Silent", "Silent has no num_features and no mean and no std: set them in __init__"),
        ("backbone", "Bare", "Bare has no num_features: set it in __init__"),
        ("temporal", "Unsaid", "Unsaid has no num_features and no min_clip_length: set them in __init__"),
        ("temporal", "Endless", "Endless has no min_clip_length: set it in __init__"),
    ],
)
def test_a_part_that_lacks_what_its_interface_asks_for(part: str, wrong: str, message: str) -> None:
    with pytest.raises(Exception, match=message) as error:
        build_model(with_part(part, wrong))
    assert mistake_of(error.value) == message


def with_part(part: str, name: str) -> DictConfig:
    """A small model's config with a part of this file."""
    config = model_config("model.size=64")
    with open_dict(config):
        config[part] = {"_target_": f"{__name__}.{name}"} | ({} if part == "backbone" else {"_partial_": True})
    return config


def test_a_trial_leaves_no_trace() -> None:
    network = build_model(model_config("model.size=64"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    require_fitting(network)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(module.training for module in network.modules())
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
