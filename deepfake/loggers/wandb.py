"""Weights & Biases: the one door to wandb."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import wandb
from pytorch_lightning.loggers import Logger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from deepfake.ranges import PathName, Word


def wandb_logger(project: Word, save_dir: PathName, name: Word) -> WandbLogger:
    """A run that is online when the user has credentials, and otherwise offline at once, without a prompt.

    `WANDB_MODE` has the last word.

    Args:
        project: on the dashboard.
        save_dir: an offline run is kept in `<save_dir>/wandb`.
        name: of the run.
    """
    return WandbLogger(experiment=_start(project, save_dir, name))


@rank_zero_only
def _start(project: str, save_dir: str | Path, name: str) -> wandb.Run:
    # Lightning would start it itself, but only online, or with a warning about an option that wandb has dropped.
    mode = os.environ.get("WANDB_MODE") or ("online" if wandb.login(prompt=False, verify=False) else "offline")
    settings = wandb.Settings(mode=mode, silent=True, console="off", reinit="finish_previous")  # type: ignore[arg-type]
    run = wandb.init(project=project, dir=save_dir, name=name, settings=settings)
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    return run


def log_results(loggers: Iterable[Logger], pictures: Mapping[str, Path], videos: pd.DataFrame) -> None:
    """Add pictures and a table of videos to a W&B run, if there is one among the loggers.

    Args:
        loggers: of the run.
        pictures: key -> PNG.
        videos: one row a video; in column `face` an image, (S, S, 3) uint8 RGB.
    """
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            for key, path in pictures.items():
                logger.log_image(key, [str(path)])
            shown = videos.assign(face=[wandb.Image(image) for image in videos["face"]])
            logger.log_table("test/videos", columns=list(shown.columns), data=shown.to_numpy().tolist())


def finish(loggers: Iterable[Logger]) -> str | None:
    """Close the W&B run, so that the next job of a sweep gets its own.

    Returns:
        What the user can do with it: a link, or the line that uploads an offline run.
    """
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            run = logger.experiment
            offline = run.offline
            done = f"wandb sync {Path(run.dir).parent}" if offline else run.url
            run.finish()
            return done
    return None
