"""Converts configs to plain data, and changes options in them."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf


def plain(config: DictConfig) -> dict[str, Any]:
    """Resolve a config into plain dicts, lists and values."""
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


def plain_list(value: Any) -> list[Any]:
    """Return an option that is one value or a list of several as a plain list."""
    return list(value) if isinstance(value, ListConfig) else [value]


def with_options(config: DictConfig, options: Mapping[str, Any]) -> DictConfig:
    """Return a copy of a config with other values for some options."""
    return OmegaConf.merge(config, options)  # type: ignore[return-value]
