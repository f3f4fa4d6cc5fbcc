"""Refuses options that were given and have no effect beside another one."""

from collections.abc import Sequence

from hydra.core.hydra_config import HydraConfig

from deepfake.errors import ConfigError


def refuse_idle(*, beside: str, used: Sequence[str] | None = None, idle: Sequence[str] = ()) -> None:
    """Stop if an option was given that has no effect beside another.

    Args:
        beside: the option that decides, as `predictions`.
        used: the options and groups that have an effect; None if all but `idle` have.
        idle: the options and groups that have none.

    Raises:
        ConfigError: one was given that has none.
    """
    words = HydraConfig.get().overrides.task if HydraConfig.initialized() else []
    given = [word.lstrip("+~").partition("=")[0] for word in words]
    if found := [name for name in given if _among(name, idle) or (used is not None and not _among(name, used))]:
        raise ConfigError(f"beside {beside}=, no effect has {', '.join(found)}: leave it out, or leave out {beside}")


def _among(name: str, options: Sequence[str]) -> bool:
    return any(name == option or name.startswith(f"{option}.") for option in options)
