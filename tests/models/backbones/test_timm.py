import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file
from torch import Tensor, nn

from deepfake.errors import ConfigError, WeightsError
from deepfake.models.backbones.timm import Timm

CONF = Path(__file__).parents[3] / "conf" / "model"
NAME = "test_efficientnet"  # timm's own model for tests, with a few thousand parameters


def published(seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    state: dict[str, Tensor] = timm.create_model(NAME, num_classes=1000).state_dict()
    return state


@pytest.mark.parametrize("name", [NAME, "test_resnet", "test_vit", "mobilenetv3_small_050"])
def test_any_network_ends_in_features(name: str) -> None:
    network = Timm(name, pretrained=False).eval()
    assert network(torch.rand(2, 3, 160, 160)).shape == (2, network.num_features)
    assert len(network.mean) == len(network.std) == 3


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("classifier", [True, False])
def test_weights_from_a_file(suffix: str, classifier: bool, tmp_path: Path) -> None:
    state = {key: value for key, value in published().items() if classifier or not key.startswith("classifier.")}
    path = tmp_path / f"weights{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    torch.manual_seed(1)
    loaded = Timm(NAME, pretrained=True, weights=path).network.state_dict()  # and nothing is downloaded
    assert all(torch.equal(value, state[key]) for key, value in loaded.items())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(timm.create_model("test_resnet").state_dict(), path)
    with pytest.raises(WeightsError, match=rf"weights={path} are not those of {NAME}: \d+ of \d+ missing .*unknown"):
        Timm(NAME, weights=path)
    state = published()
    state["conv_stem.weight"] = state["conv_stem.weight"][:-1]
    torch.save(state, path)
    with pytest.raises(WeightsError, match=r"1 of another shape \(conv_stem.weight: found"):
        Timm(NAME, weights=path)
    del state["conv_stem.weight"]
    torch.save(state, path)
    with pytest.raises(WeightsError, match=r"1 of \d+ missing \(conv_stem.weight"):
        Timm(NAME, weights=path)


class Code:
    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (Path("executed"),)


def test_unreadable_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match="does not exist"):
        Timm(NAME, weights="nothing.pth")
    for name in ("text.pth", "text.safetensors"):
        Path(name).write_text("text")
        with pytest.raises(WeightsError, match=f"weights={name} cannot be read safely"):
            Timm(NAME, weights=name)
    Path("code.pth").write_bytes(pickle.dumps(Code()))
    torch.save({"state_dict": Code()}, "code.zip.pth")
    for name in ("code.pth", "code.zip.pth"):
        with pytest.raises(WeightsError, match=f"weights={name} cannot be read safely"):
            Timm(NAME, weights=name)
    assert not Path("executed").exists()
    torch.save({"conv_stem.weight": 1}, "numbers.pth")
    with pytest.raises(WeightsError, match="not a state dict"):
        Timm(NAME, weights="numbers.pth")


def test_no_network_is_an_error_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match=r"cannot be downloaded .*model.backbone.weights=PATH.*pretrained=false"):
        Timm("test_efficientnet.r160_in1k", pretrained=True)


def test_unknown_names() -> None:
    with pytest.raises(ConfigError, match=r"name=efficientnet_b: timm knows no such model; near it: .*efficientnet_b0"):
        Timm("efficientnet_b", pretrained=False)
    for pretrained in (True, False):
        with pytest.raises(ConfigError, match="timm has no weights 'foo' for efficientnet_b0; it has ra4_e3600"):
            Timm("efficientnet_b0.foo", pretrained=pretrained)


def test_weights_in_wrappings_and_without_counters(tmp_path: Path) -> None:
    state = {key: value for key, value in published().items() if not key.endswith("num_batches_tracked")}
    path = tmp_path / "weights.pth"
    for wrapped in (
        state,
        {"state_dict": state},
        {"model": {f"module.{key}": value for key, value in state.items()}},
        {f"model.{key}": value for key, value in state.items()},
        {"state_dict": {f"model.module.{key}": value for key, value in state.items()}},
    ):
        torch.save(wrapped, path)
        torch.manual_seed(1)
        loaded = Timm(NAME, weights=path).network.state_dict()
        assert all(torch.equal(value, loaded[key]) for key, value in state.items() if key in loaded)
        assert all(int(value) == 0 for key, value in loaded.items() if key.endswith("num_batches_tracked"))


def test_a_transformer_takes_another_size_and_pool() -> None:
    network = Timm("test_vit", pool="avg", any_size=True).eval()
    assert network(torch.rand(2, 3, 96, 96)).shape == (2, network.num_features)
    assert network.network.global_pool == "avg"
    with pytest.raises(ConfigError, match="test_efficientnet cannot have model.backbone.any_size"):
        Timm(NAME, any_size=True)


@pytest.mark.parametrize(
    ("option", "norms", "mean", "size"),
    [
        ("clip", 102_400, 0.48145466, 224),
        ("pe", 104_448, 0.5, 224),
        ("dinov3", 100_352, 0.485, 224),
        ("xception", None, 0.5, 256),
        ("convnext", None, 0.485, 224),
    ],
)
def test_the_networks_of_our_yamls(option: str, norms: int | None, mean: float, size: int) -> None:
    """Without memory: on torch's `meta` device. Number of norm parameters: GenD, table of what it trains."""
    backbone = OmegaConf.load(CONF / "backbone" / f"{option}.yaml")
    options = {name: backbone[name] for name in ("pool", "any_size") if name in backbone}
    with torch.device("meta"):
        network = Timm(backbone.name, **options)
        assert network(torch.empty(1, 3, size, size)).shape == (1, network.num_features)
    assert network.mean[0] == mean
    assert OmegaConf.load(CONF / f"{option}.yaml").model.size == size
    of_norms = [module for module in network.modules() if isinstance(module, nn.LayerNorm)]
    if norms is not None:
        assert sum(parameter.numel() for module in of_norms for parameter in module.parameters()) == norms


@pytest.mark.parametrize(
    ("option", "mean", "std", "number"),
    [
        ("clip", (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711), 303.18e6),
        ("pe", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), None),
        ("dinov3", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), None),
    ],
)
def test_foundation_models_have_1024_features_without_a_projection(
    option: str, mean: tuple[float, ...], std: tuple[float, ...], number: float | None
) -> None:
    """CLIP: 303.18 M parameters, the feature before the projection; each with its training's mean and deviation."""
    backbone = OmegaConf.load(CONF / "backbone" / f"{option}.yaml")
    with torch.device("meta"):
        model = Timm(backbone.name, pool=backbone.pool, any_size=backbone.any_size)
    assert (model.num_features, model.mean, model.std) == (1024, mean, std)
    assert isinstance(model.network.head, nn.Identity) and isinstance(model.network.fc_norm, nn.Identity)
    if number is not None:
        assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(number, abs=5e3)


@pytest.mark.parametrize(
    ("name", "pool"),
    [("test_vit", "token"), ("vit_small_patch16_dinov3", "token"), ("vit_pe_core_tiny_patch16_384", "map")],
)
def test_the_feature_is_the_class_token_after_the_last_norm_or_the_attention_pool(name: str, pool: str) -> None:
    torch.manual_seed(0)
    model = Timm(name, pool=pool, any_size=True).eval()  # type: ignore[arg-type]
    seen: list[Tensor] = []
    model.network.norm.register_forward_hook(lambda module, given, tokens: seen.append(tokens))
    with torch.no_grad():
        features = model(torch.rand(2, 3, 64, 64))
        expected = seen[0][:, 0] if pool == "token" else model.network.attn_pool(seen[0])
    torch.testing.assert_close(features, expected)
