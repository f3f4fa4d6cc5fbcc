"""A config as plain data."""

from typing import Any

from omegaconf import DictConfig, OmegaConf


def plain(config: DictConfig) -> dict[str, Any]:
    """Resolve a config into plain dicts, lists and values."""
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]
