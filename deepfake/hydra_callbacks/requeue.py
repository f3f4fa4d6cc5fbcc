"""A job that Slurm starts again goes on in the folder of its run, from the last whole epoch; no other job does.

Before its time is over Slurm sends a signal (`#SBATCH --signal=SIGUSR1@90`), on which Lightning saves
`hpc_ckpt_<n>.ckpt` and puts the job into the queue again. It saves into the run's `checkpoints`, which no other run
has, and a note in `outputs/.requeue` tells the command that comes back where that is. It then is as if `resume=` had
been given, with all that is looked at there.

What Lightning has saved is not gone on from: it may be of any moment of an epoch, and Lightning itself calls what
follows unreliable. From the last whole epoch, or from the start, all is as if nothing had happened.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, open_dict, read_write

from deepfake.atomic import write_atomic
from deepfake.content import sha256_of_text
from deepfake.names import shown
from deepfake.ranks import is_first

QUEUED = "hpc_ckpt_*.ckpt"  # as Lightning names what it saves before it puts a job into the queue again


def note_of(environ: Mapping[str, str], words: Iterable[str]) -> Path | None:
    """Where a job notes the folder of a command's run; None outside of Slurm.

    Args:
        environ: of the process.
        words: the options of the command; one job may train several times, one after the other.

    Example:
        >>> str(note_of({"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}, ["seed=1"]))
        'outputs/.requeue/7_2-bb8c5544'
    """
    if "SLURM_JOB_ID" not in environ:
        return None
    job = "_".join(environ[name] for name in ("SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID") if name in environ)
    return Path("outputs") / ".requeue" / f"{job}-{sha256_of_text(chr(0).join(words))[:8]}"


def was_queued(checkpoints: Path, environ: Mapping[str, str]) -> bool:
    """Whether a job was put into the queue again: by Lightning, or by Slurm as when a node failed."""
    return environ.get("SLURM_RESTART_COUNT", "0") not in ("", "0") or any(checkpoints.glob(QUEUED))


class Requeue(Callback):
    """Lets a training go on that Slurm has put into the queue again, and notes where one is at work."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        note = note_of(os.environ, config.hydra.overrides.task)
        if note is None or "resume" not in config or not note.is_file():
            return
        try:
            noted = json.loads(note.read_text())
            folder, checkpoints = Path(noted["folder"]), Path(noted["checkpoints"])
        except (OSError, ValueError, KeyError, TypeError):
            return  # a note that cannot be read is none
        if not was_queued(checkpoints, os.environ):
            return
        last, what = checkpoints / "last.ckpt", "before an epoch was saved, so it begins again"
        if last.is_file():
            what = f"and goes on there, resume={last}"
            with read_write(config), open_dict(config):
                config.hydra.run.dir, config.resume = str(folder), str(last)
        if is_first():
            for path in checkpoints.glob(QUEUED):  # or Lightning would load it where there is no other
                path.unlink(missing_ok=True)
            sys.stderr.write(f"Slurm has started this job again: its run was in {shown(str(folder))}, {shown(what)}\n")

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # the folder is this run's by now
        note = note_of(os.environ, config.hydra.overrides.task)
        if note is None or "resume" not in config or not is_first() or HydraConfig.get().mode is not RunMode.RUN:
            return
        folder, output = HydraConfig.get().runtime.output_dir, Path(config.paths.output_dir).absolute()
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(note, json.dumps({"folder": folder, "checkpoints": str(output / "checkpoints")}).encode())

    def on_run_end(self, config: DictConfig, **kwargs: Any) -> None:  # not of one that was stopped
        note = note_of(os.environ, config.hydra.overrides.task)
        if note is not None and "resume" in config and is_first():
            note.unlink(missing_ok=True)
