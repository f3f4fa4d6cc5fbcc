"""Models as tests build them: nothing is downloaded, and large networks of timm are small ones of their family."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

_BACKBONES = Path(__file__).parents[2] / "conf" / "model" / "backbone"
# Network of a yaml -> a small one of its family.
_SMALL = {
    OmegaConf.load(_BACKBONES / f"{option}.yaml").name: name
    for option, name in {
        "timm": "efficientnet_b0",
        "convnext": "test_convnext",
        "clip": "test_vit",
        "dinov3": "vit_small_patch16_dinov3",
        "pe": "vit_pe_core_tiny_patch16_384",
        "xception": "legacy_xception",
    }.items()
}


def small(model: DictConfig) -> DictConfig:
    """Change the config group `model` and return it; a network that no yaml of ours names keeps its size."""
    backbone = model.backbone
    if "pretrained" in backbone:
        backbone.pretrained = False
    if backbone.get("name") in _SMALL:
        backbone.name, model.size = _SMALL[backbone.name], 64
    return model
