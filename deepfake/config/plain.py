"""A config as plain data, and with other values."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf


def plain(config: DictConfig) -> dict[str, Any]:
    """Resolve a config into plain dicts, lists and values."""
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


def with_options(config: DictConfig, options: Mapping[str, Any]) -> DictConfig:
    """A copy of a config in which some options have other values."""
    return OmegaConf.merge(config, options)  # type: ignore[return-value]
