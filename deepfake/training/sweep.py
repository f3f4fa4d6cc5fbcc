"""Gives a sweep again: jobs that are done are skipped, and those that were stopped go on from their last epoch."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deepfake.command.taken import options_of
from deepfake.errors import ConfigError
from deepfake.screen import from_here

log = logging.getLogger(__name__)


def earlier_result(folder: Path, asked: Iterable[str]) -> dict[str, Any] | None:
    """Return the content of the `metrics.json` that an earlier job left; None if it did not end.

    Args:
        folder: the job's folder.
        asked: the options of the job that now has this folder.

    Raises:
        ConfigError: the earlier job had other options.
    """
    path = folder / "metrics.json"
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text())
    then, now = options_of(content.get("overrides", [])), options_of(asked)
    if then != now:
        raise ConfigError(
            f"sweep.resume: job {folder.name} was run with {' '.join(then) or 'no options'}, and is now "
            f"{' '.join(now) or 'without options'}: give the same sweep again, or start a new one without sweep.resume"
        )
    return content


def last_epoch(folder: Path) -> str | None:
    """Return the checkpoint from which a job that was stopped goes on; None if it has saved no epoch."""
    last = folder / "checkpoints" / "last.ckpt"
    if not last.is_file():
        return None
    log.info("this job was stopped; it goes on from %s", from_here(last))
    return str(last)
