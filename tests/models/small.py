"""Models as tests build them: nothing is downloaded, and large networks of timm are small ones of their family."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

_BACKBONES = Path(__file__).parents[2] / "conf" / "model" / "backbone"
# Network of a yaml -> a small one of its family.
_SMALL = {
    OmegaConf.load(_BACKBONES / f"{option}.yaml").name: name
    for option, name in {
        "timm": "test_efficientnet",
        "convnext": "test_convnext",
        "clip": "test_vit",
        "dinov3": "vit_tiny_patch16_dinov3_qkvb",
        "pe": "vit_pe_core_tiny_patch16_384",
        "xception": "test_resnet",
    }.items()
} | {  # networks of presets
    "tf_efficientnet_b4.ap_in1k": "test_efficientnet",
    "tf_efficientnet_b7.ns_jft_in1k": "test_efficientnet",
    "swin_base_patch4_window7_224.ms_in22k_ft_in1k": "test_vit",
}


def small(model: DictConfig) -> DictConfig:
    """Change the config group `model` and return it; a network that no yaml of ours names keeps its size."""
    backbone = model.backbone
    if "pretrained" in backbone:
        backbone.pretrained = False
    if backbone.get("name") in _SMALL:
        backbone.name, model.size = _SMALL[backbone.name], 64
    return model
