"""Heat maps of every shipped model, against gradients computed by hand, and on the demo, whose masks are known."""

from itertools import islice

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate
from torchvision.transforms.v2.functional import resize

from deepfake.demo.design import DemoDesign, plan
from deepfake.demo.shoot import frames
from deepfake.errors import ConfigError
from deepfake.explain import heat_maps
from deepfake.models.backbones import Meso4, Timm
from deepfake.models.detector import Detector, thumbnails
from deepfake.models.heads import LinearHead, MesoHead
from deepfake.models.temporal import Mean
from tests.models.test_detector import SHIPPED, clips, detector


@pytest.mark.parametrize("name", SHIPPED)
def test_every_model_has_maps_that_do_not_depend_on_other_clips(name: str) -> None:
    network = detector(name).eval()
    batch = clips(network, 2)
    with torch.inference_mode():
        maps = heat_maps(network, batch)
        alone = heat_maps(network, batch[1:])
    size = network.spec.size
    assert maps.shape == (2, network.spec.clip_length, size, size)
    assert maps.amin() >= 0 and torch.equal(maps.amax((1, 2, 3)), torch.ones(2))
    assert torch.equal(maps[1:], alone)


def speak_for_a_fake(network: Detector, batch: torch.Tensor) -> None:
    """Turn the logit of an untrained network around if nothing in a batch speaks for a fake."""
    if not heat_maps(network, batch, "grad_cam").any():
        with torch.no_grad():
            for parameter in list(network.head.parameters())[-2:]:  # those of the last layer
                parameter.neg_()


@pytest.mark.parametrize("name", ["meso4_lstm", "effnet", "convnext", "xception"])
def test_grad_cam_is_the_sum_of_activations_weighted_by_mean_gradients(name: str) -> None:
    network = detector(name).eval()
    batch = clips(network, 1)
    speak_for_a_fake(network, batch)
    kept: list[torch.Tensor] = []
    layer = network.backbone.get_submodule(network.backbone.map_layer)
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output)):
        (gradient,) = torch.autograd.grad(network(batch.clone().requires_grad_()).sum(), kept)
    expected = (kept[0] * gradient.mean((2, 3), keepdim=True)).sum(1, keepdim=True).relu()
    expected = interpolate(expected, size=batch.shape[-1], mode="bilinear").view(batch[:, :, 0].shape).detach()
    torch.testing.assert_close(heat_maps(network, batch, "grad_cam"), expected / expected.max(), atol=1e-5, rtol=1e-4)


def test_grad_cam_of_thumbnails_gives_each_frame_its_quarter() -> None:
    network = detector(
        "meso4", "representation=window", "representation.clip_length=4", "representation.layout=thumbnail"
    )
    network = network.eval()
    batch = clips(network, 1)
    speak_for_a_fake(network, batch)
    small = thumbnails(batch)
    single = detector("meso4").eval()
    single.load_state_dict(network.state_dict())
    maps, whole = heat_maps(network, batch, "grad_cam")[0], heat_maps(single, small, "grad_cam")[0, 0]
    half = network.spec.size // 2
    for frame, (down, right) in enumerate(((0, 0), (0, half), (half, 0), (half, half))):
        quarter = whole[down : down + half, right : right + half]
        shown = interpolate(quarter[None, None], size=2 * half, mode="bilinear")[0, 0]
        assert torch.corrcoef(torch.stack([maps[frame].flatten(), shown.flatten()]))[0, 1] > 0.999


def test_what_has_no_map_is_refused() -> None:
    network = detector("clip").eval()
    with pytest.raises(ConfigError, match="method=grad_cam needs the feature map of a convolutional network, and Timm"):
        heat_maps(network, clips(network, 1), "grad_cam")
    network.backbone.map_layer = ""
    with pytest.raises(ConfigError, match="has none: use method=gradient"):
        heat_maps(network, clips(network, 1), "grad_cam")
    with pytest.raises(ValueError, match="call detector.eval\\(\\) first"):
        heat_maps(detector("meso4").train(), torch.zeros(1, 1, 3, 256, 256))


SIZE = 96


def painted() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return real crops (N, 3, S, S), their face swaps, and where these differ, (N, S, S) bool."""
    reals, fakes, masks = [], [], []
    design = DemoDesign(num_people=24, extras=False, noise=0.0)
    for take in [take for take in plan(design) if take.videos[1].method == "faceswap"]:
        for real, fake, *_ in islice(frames(design, take), 3):
            mask = (real != fake).any(2)
            (top, bottom), (left, right) = (np.flatnonzero(mask.any(axis))[[0, -1]] for axis in (1, 0))
            side = int(2.0 * max(bottom - top, right - left))
            y, x = max(0, (top + bottom - side) // 2), max(0, (left + right - side) // 2)
            stack = torch.from_numpy(np.concatenate((real, fake, mask[..., None] * np.uint8(255)), 2)).permute(2, 0, 1)
            crop = resize(stack[:, y : y + side, x : x + side], [SIZE, SIZE], antialias=True) / 255
            reals.append(crop[:3])
            fakes.append(crop[3:6])
            masks.append(crop[6] > 0.5)
    return torch.stack(reals), torch.stack(fakes), torch.stack(masks)


def share_inside(network: Detector, fakes: torch.Tensor, masks: torch.Tensor, method: str) -> float:
    """Return the maps' mass inside the masks, as a multiple of the masks' share of the area."""
    maps = heat_maps(network.eval(), fakes[:, None], method)[:, 0]  # type: ignore[arg-type]
    inside = (maps * masks).sum((1, 2)) / maps.sum((1, 2)).clamp(min=1e-9)
    return (inside / masks.float().mean((1, 2))).mean().item()


def fit(network: Detector, reals: torch.Tensor, fakes: torch.Tensor, rate: float) -> None:
    """Train until the network tells apart what it trains on, which takes 10 to 60 epochs, on one machine or another."""
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)

    def loss(rows: torch.Tensor) -> torch.Tensor:
        batch = torch.cat([reals[rows], fakes[rows]])[:, None]
        return binary_cross_entropy_with_logits(network(batch), torch.arange(2.0).repeat_interleave(len(rows)))

    for _ in range(120):
        network.train()
        for rows in torch.randperm(len(reals)).split(8):
            optimizer.zero_grad()
            loss(rows).backward()
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            if loss(torch.arange(len(reals))) < 0.02:
                return
    pytest.fail("the network has not learnt what it was trained on")


@pytest.mark.slow
def test_maps_point_to_the_forged_region_once_a_network_is_trained() -> None:
    reals, fakes, masks = painted()
    train, test = slice(48), slice(48, None)  # people that the network does not see in training
    for backbone, head in ((Meso4(SIZE), MesoHead), (Timm("test_efficientnet"), LinearHead)):
        torch.manual_seed(0)
        network = Detector(backbone, Mean, head, clip_length=1, frame_stride=1, margin=1.3, size=SIZE)
        untrained = share_inside(network, fakes[test], masks[test], "gradient")
        fit(network, reals[train], fakes[train], 2e-3)
        trained = share_inside(network, fakes[test], masks[test], "gradient")
        assert trained >= 2 > untrained
