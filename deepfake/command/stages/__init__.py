"""What the composed config of each stage consists of: which constructor or function takes which option."""

from importlib import import_module
from importlib.util import find_spec

from omegaconf import DictConfig

from deepfake.config.check import check_options


def check_stage(cfg: DictConfig, stage: str) -> None:
    """See that every option of a stage's config can be meant; a function that is no stage has none.

    Args:
        cfg: composed.
        stage: the name of its function, its script and the module here that says of what it consists.

    Raises:
        ConfigError: see `check_options`.
    """
    name = f"{__name__}.{stage}"
    if stage.isidentifier() and find_spec(name):
        check_options(cfg, import_module(name).OPTIONS)  # it imports what takes the options
