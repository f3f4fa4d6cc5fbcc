"""Shows the composed config before a run begins."""

import sys

from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.syntax import Syntax


def show_config(cfg: DictConfig) -> None:
    """Print a config with its values resolved: in colours on a terminal, and as plain YAML elsewhere.

    Args:
        cfg: the composed config.
    """
    text = OmegaConf.to_yaml(cfg, resolve=True)
    if sys.stdout.isatty():
        Console().print(Syntax(text, "yaml", theme="ansi_dark", background_color="default", word_wrap=True))
    else:
        print(text, end="")
