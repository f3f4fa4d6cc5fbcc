"""Describes the config of each stage: which constructor or function takes which option."""

from importlib import import_module
from importlib.util import find_spec

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from deepfake.config.check import check_options
from deepfake.errors import ConfigError


def check_stage(cfg: DictConfig, stage: str) -> None:
    """Stop unless every option of a stage's config is known and valid; functions that are not stages pass.

    Args:
        cfg: the composed config.
        stage: the name of the stage's function, of its script and of the module here that describes its config.

    Raises:
        ConfigError: see `check_options`; or a group takes its options from a checkpoint that the stage does not have.
    """
    choices = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}
    for group, chosen in choices.items():
        if chosen == "checkpoint" and "checkpoint" not in cfg:
            raise ConfigError(
                f"{group}=checkpoint takes these options from a checkpoint, and this command has no option checkpoint: "
                "make another choice (--help names them)"
            )
    name = f"{__name__}.{stage}"
    if stage.isidentifier() and find_spec(name):
        check_options(cfg, import_module(name).OPTIONS)  # this imports what takes the options
