"""Wraps Hydra in the scripts: answers `--help` and `--version`, and reports a mistake in the options in one line."""

import logging
import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hydra._internal import hydra as hydra_app
from hydra._internal import utils as hydra_internals

from deepfake.command.help import help_text
from deepfake.command.misspelt import mistakes_in_one_line
from deepfake.command.taken import LOCK as LOCK  # registers the resolvers that `--cfg` needs

log = logging.getLogger(__name__)
LOADING = "loading the libraries, which takes a few seconds"
at_end = ExitStack()  # what is called when the command ends, however it ends
_BUILT_ON = ("torch", "pytorch-lightning", "hydra-core")


@contextmanager
def command_line(script: str) -> Iterator[None]:
    """Answer `--help` and `--version` inside the block, and report a mistake in a script's options in one line.

    Args:
        script: the script's file, which has the same name as its config.

    Raises:
        SystemExit: with 0 after printing the versions; with a message if a flag is unknown.
    """
    if "--version" in sys.argv[1:]:
        print(versions())
        sys.exit(0)
    given, unknown = hydra_internals.get_args_parser().parse_known_args()
    if unknown:
        sys.exit(f"error: {_refusal(unknown)}")
    if given.config_name or given.config_path:
        sys.exit("error: each script has its own config: leave out --config-name and --config-path, or call another")
    original = hydra_app.Hydra.app_help  # Hydra has no public hook for this, and its template cannot show comments
    hydra_app.Hydra.app_help = _show_help  # type: ignore[method-assign,assignment]
    try:
        with mistakes_in_one_line(Path(script).stem), at_end:
            yield
    finally:
        hydra_app.Hydra.app_help = original  # type: ignore[method-assign]


def _refusal(words: Sequence[str]) -> str:
    """Return why Hydra's parser refuses some words, and what to give instead."""
    if flags := [word for word in words if word.startswith("-")]:
        return (
            f"this command has no flag {flags[0]}; options are given as NAME=VALUE, without dashes (--help shows all)"
        )
    return f"{words[0]} comes after a flag and after other options: give flags such as -m first, and then all options"


def _show_help(app: hydra_app.Hydra, config_name: str, args_parser: ArgumentParser, args: Namespace) -> None:
    width = shutil.get_terminal_size().columns
    text = hydra_internals.run_and_report(lambda: help_text(app.config_loader, config_name, args.overrides, width))
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `| head` closed the pipe; without this, Python would report it again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def versions() -> str:
    """Return the versions of this project and of its main libraries, without importing them."""
    return f"deepfake {_version('deepfake')} ({', '.join(f'{name} {_version(name)}' for name in _BUILT_ON)})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # the clone was not installed
        return "of an unknown version"


def log_loading() -> None:
    """Log that the libraries are loading, which takes seconds, unless this process has loaded them."""
    if "torch" not in sys.modules:
        log.info(LOADING)
