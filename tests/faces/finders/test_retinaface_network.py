"""Our RetinaFace networks against retinaface-pytorch's: the same names, and the same outputs with the same weights."""

import warnings
from collections.abc import Callable

import pytest
import torch
from retinaface.net import FPN, SSH, conv_bn, conv_dw
from retinaface.network import BboxHead, ClassHead, LandmarkHead, RetinaFace
from torch import Tensor, nn

from deepfake.faces.finders.retinaface_network import mobilenet_network, resnet50_network


def librarys_resnet50() -> nn.Module:
    with warnings.catch_warnings():
        # The library calls torchvision's resnet50(pretrained=...), a name that is deprecated and still works.
        warnings.filterwarnings("ignore", "The parameter 'pretrained'|Arguments other than a weight enum", UserWarning)
        levels = {"layer2": 1, "layer3": 2, "layer4": 3}
        return RetinaFace("Resnet50", pretrained=False, return_layers=levels, in_channels=256, out_channels=256)


class LibrarysMobileNet(nn.Module):
    """The library builds the ResNet-50 alone; its blocks make the other one, as biubug6/Pytorch_Retinaface does."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.ModuleDict(
            {
                "stage1": nn.Sequential(
                    conv_bn(3, 8, 2, leaky=0.1),
                    conv_dw(8, 16, 1),
                    conv_dw(16, 32, 2),
                    conv_dw(32, 32, 1),
                    conv_dw(32, 64, 2),
                    conv_dw(64, 64, 1),
                ),
                "stage2": nn.Sequential(conv_dw(64, 128, 2), *(conv_dw(128, 128, 1) for _ in range(5))),
                "stage3": nn.Sequential(conv_dw(128, 256, 2), conv_dw(256, 256, 1)),
            }
        )
        self.fpn = FPN([64, 128, 256], 64)
        self.ssh1, self.ssh2, self.ssh3 = SSH(64, 64), SSH(64, 64), SSH(64, 64)
        self.ClassHead = nn.ModuleList(ClassHead(64, 2) for _ in range(3))
        self.BboxHead = nn.ModuleList(BboxHead(64, 2) for _ in range(3))
        self.LandmarkHead = nn.ModuleList(LandmarkHead(64, 2) for _ in range(3))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        levels, features = {}, images
        for name, stage in self.body.items():
            features = levels[name] = stage(features)
        fine, middle, coarse = self.fpn(levels)
        found = self.ssh1(fine), self.ssh2(middle), self.ssh3(coarse)
        return tuple(
            torch.cat([head(level) for head, level in zip(heads, found, strict=True)], dim=1)
            for heads in (self.BboxHead, self.ClassHead, self.LandmarkHead)
        )


def random_state(network: nn.Module) -> dict[str, Tensor]:
    """Random weights, with batch norms that change what passes through them."""
    generator = torch.Generator().manual_seed(0)
    state = network.state_dict()
    for name, tensor in state.items():
        if name.endswith(("running_mean", "running_var", "bias")):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return state


@pytest.mark.parametrize(
    ("ours", "librarys"), [(resnet50_network, librarys_resnet50), (mobilenet_network, LibrarysMobileNet)]
)
@torch.inference_mode()
def test_outputs_equal_the_librarys(ours: Callable[[], nn.Module], librarys: Callable[[], nn.Module]) -> None:
    reference, network = librarys().eval(), ours().eval()
    state = random_state(reference)
    assert {name: tensor.shape for name, tensor in network.state_dict().items()} == {
        name: tensor.shape for name, tensor in state.items()
    }
    reference.load_state_dict(state)
    network.load_state_dict(state)
    images = torch.randn(2, 3, 75, 101, generator=torch.Generator().manual_seed(1))  # sides that no stride divides
    for found, expected in zip(network(images), reference(images), strict=True):
        assert found.std() > 0 and torch.equal(found, expected)
