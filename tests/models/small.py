"""Models as tests build them: nothing is downloaded, and timm's default network, which is large, is a small one."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

_BACKBONES = Path(__file__).parents[2] / "conf" / "model" / "backbone"
_LARGE = OmegaConf.load(_BACKBONES / "timm.yaml").name


def small(model: DictConfig) -> DictConfig:
    """Change the config group `model` and return it; a network that a yaml names itself keeps its size."""
    backbone = model.backbone
    if "pretrained" in backbone:
        backbone.pretrained = False
    if backbone.get("name") == _LARGE:
        backbone.name, model.size = "efficientnet_b0", 64
    return model
