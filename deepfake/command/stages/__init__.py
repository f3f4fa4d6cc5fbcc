"""Describes the config of each stage: which constructor or function takes which option."""

from importlib import import_module
from importlib.util import find_spec

from omegaconf import DictConfig

from deepfake.config.check import check_options


def check_stage(cfg: DictConfig, stage: str) -> None:
    """Stop unless every option of a stage's config is known and valid; functions that are not stages pass.

    Args:
        cfg: the composed config.
        stage: the name of the stage's function, of its script and of the module here that describes its config.

    Raises:
        ConfigError: see `check_options`.
    """
    name = f"{__name__}.{stage}"
    if stage.isidentifier() and find_spec(name):
        check_options(cfg, import_module(name).OPTIONS)  # this imports what takes the options
