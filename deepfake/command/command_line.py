"""What scripts have around Hydra: a help and a version of ours, and mistakes in one line."""

import logging
import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hydra._internal import hydra as hydra_app
from hydra._internal import utils as hydra_internals

from deepfake.command.help import help_text
from deepfake.command.misspelt import near_names

log = logging.getLogger(__name__)
_BUILT_ON = ("torch", "pytorch-lightning", "hydra-core")


@contextmanager
def command_line(script: str) -> Iterator[None]:
    """While a script runs, answer `--help` and `--version`, and let a mistake in its options be one line.

    Args:
        script: its file, which is named as its config is.

    Raises:
        SystemExit: with 0 where the versions were asked for, with a line where a flag is not known.
    """
    if "--version" in sys.argv[1:]:
        print(versions())
        sys.exit(0)
    _, unknown = hydra_internals.get_args_parser().parse_known_args()
    if unknown:
        sys.exit(f"error: {_not_taken(unknown)}")
    theirs = hydra_app.Hydra.app_help  # there is no public door, and its template knows no comments
    hydra_app.Hydra.app_help = _show_help  # type: ignore[method-assign,assignment]
    try:
        with near_names(Path(script).stem):
            yield
    finally:
        hydra_app.Hydra.app_help = theirs  # type: ignore[method-assign]


def _not_taken(words: Sequence[str]) -> str:
    """Why Hydra's parser does not take some words, and what to give instead."""
    if flags := [word for word in words if word.startswith("-")]:
        return (
            f"{flags[0]} is no flag of this command: options are given as NAME=VALUE, without dashes (--help shows all)"
        )
    return f"{words[0]} comes after a flag and after other options: give flags such as -m first, and then all options"


def _show_help(app: hydra_app.Hydra, config_name: str, args_parser: ArgumentParser, args: Namespace) -> None:
    width = shutil.get_terminal_size().columns
    text = hydra_internals.run_and_report(lambda: help_text(app.config_loader, config_name, args.overrides, width))
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `| head` has seen enough; Python would complain once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def versions() -> str:
    """This project's version, and those of what it is built on, without importing them."""
    return f"deepfake {_version('deepfake')} ({', '.join(f'{name} {_version(name)}' for name in _BUILT_ON)})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a clone that is run without being installed
        return "of an unknown version"


def say_loading() -> None:
    """Say that something happens before the imports that take seconds, once a process."""
    if "torch" not in sys.modules:
        log.info("loading the libraries, which takes some seconds")
