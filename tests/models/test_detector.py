"""The contract of every shipped model, tested through its yaml."""

import itertools
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from deepfake.checkpoints.initial_model import build_model
from deepfake.models.detector import Detector, thumbnails
from tests.models.small import small

CONF = Path(__file__).parents[2] / "conf"
SHIPPED = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))


def model_config(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config: DictConfig = compose("train", overrides=list(overrides))
        return config.model


def detector(name: str, *overrides: str) -> Detector:
    torch.manual_seed(0)
    return build_model(small(model_config(f"model={name}", *overrides)))


def clips(network: Detector, num_clips: int) -> torch.Tensor:
    spec = network.spec
    return torch.rand(num_clips, spec.clip_length, 3, spec.size, spec.size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_model_gives_the_same_twice(name: str) -> None:
    network = detector(name).eval()
    batch = clips(network, 3)
    with torch.no_grad():
        logits = network(batch)
        assert logits.shape == (3,)
        torch.testing.assert_close(network(batch), logits, rtol=0, atol=0)  # an LSTM starts from zeros each time


@pytest.mark.parametrize("name", SHIPPED)
def test_every_model_comes_back_from_its_weights(name: str) -> None:
    network = detector(name)
    state = network.state_dict()
    assert not {"mean", "std"} & state.keys()
    torch.manual_seed(7)
    again = build_model(small(model_config(f"model={name}")))
    again.load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(network.eval()(clips(network, 2)), again.eval()(clips(network, 2)))


# As Keras counts: with running means and variances, but without PyTorch's count of batches.
@pytest.mark.parametrize(("name", "expected"), [("meso4", 28_073), ("mesoinception4", 28_725)])
def test_the_published_number_of_parameters(name: str, expected: int) -> None:
    state = detector(name).state_dict()
    assert sum(value.numel() for key, value in state.items() if not key.endswith("num_batches_tracked")) == expected


@pytest.mark.parametrize("size", [32, 50, 224, 256, 299])
@pytest.mark.parametrize("name", ["meso4", "mesoinception4"])
def test_other_input_sizes(name: str, size: int) -> None:
    network = detector(name, f"model.size={size}").eval()
    with torch.no_grad():
        assert network(clips(network, 1)).isfinite().all()


@pytest.mark.parametrize("name", ["meso4_lstm", "effnet_lstm"])
def test_an_lstm_chooses_windows_and_refuses_frames(name: str) -> None:
    assert detector(name).spec.clip_length == 8
    assert detector(name, "representation.clip_length=5").spec.clip_length == 5
    with pytest.raises(Exception, match=r"needs clips of 2 frames or more .*representation=window"):
        detector(name, "representation=frame")
    assert detector(name, "model/temporal=mean", "representation=frame").spec.clip_length == 1


def test_a_thumbnail_holds_four_frames_row_by_row() -> None:
    clips_ = torch.rand(2, 8, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    found = thumbnails(clips_)
    assert found.shape == (2, 2, 3, 6, 6)
    for k, (y, x) in itertools.product(range(2), itertools.product(range(2), range(2))):
        frame = clips_[1, 4 * k + 2 * y + x].unflatten(2, (3, 2)).unflatten(1, (3, 2)).mean((2, 4))
        torch.testing.assert_close(found[1, k, :, 3 * y : 3 * y + 3, 3 * x : 3 * x + 3], frame)


@pytest.mark.parametrize(("length", "temporal"), [(4, "mean"), (8, "lstm")])
def test_any_model_sees_thumbnails(length: int, temporal: str) -> None:
    options = ["representation=thumbnail", f"representation.clip_length={length}", f"model/temporal={temporal}"]
    network = detector("meso4", "model.size=64", *options).eval()
    seen: list[torch.Size] = []
    network.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    batch = clips(network, 3)
    assert batch.shape == (3, length, 3, 64, 64)
    assert network(batch).shape == (3,) and seen == [(3 * length // 4, 3, 64, 64)]
    shuffled = network(batch[:, torch.randperm(length, generator=torch.Generator().manual_seed(0))])
    assert not torch.equal(shuffled, network(batch))  # the order of frames matters


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["representation.clip_length=6"], "clip_length=6 makes no thumbnails .* use a multiple of 4"),
        (["model.size=65"], "model.size=65 is not even.* use 66"),
        (["model/temporal=lstm"], "needs 2 thumbnails or more and gets 1: use representation.clip_length=8"),
    ],
)
def test_what_makes_no_thumbnails_is_refused_with_the_cure(options: list[str], message: str) -> None:
    with pytest.raises(Exception, match=message):
        detector("meso4", "representation=thumbnail", *options)


def test_v1_sees_the_stretched_box_with_imagenet_statistics() -> None:
    spec = detector("meso4_v1").spec
    assert (spec.size, spec.margin, spec.shape) == (224, 1.0, "box")
    assert spec.mean == pytest.approx((0.485, 0.456, 0.406))
    assert spec.std == pytest.approx((0.229, 0.224, 0.225))


def test_normalisation_is_the_networks_own() -> None:
    seen = []
    network = detector("meso4_v1", "model.size=32").eval()
    network.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(torch.full((1, 1, 3, 32, 32), 0.5))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(seen[0][0, :, 0, 0], (0.5 - mean) / std)
