"""Resumes a job that Slurm requeues in its run's folder, from the last complete epoch; no other job is resumed.

Before a job's time is up, Slurm sends a signal (`#SBATCH --signal=SIGUSR1@90`), on which Lightning saves
`hpc_ckpt_<n>.ckpt` and requeues the job. It saves into the run's own `checkpoints`, and a note in `outputs/.requeue`
tells the restarted command where that is. The command then runs as if `resume=` had been given, with all its checks.

The run does not continue from what Lightning saved: that may be from any moment of an epoch, and Lightning itself
calls such a continuation unreliable. From the last complete epoch, or from the start, the results are those of an
uninterrupted run.
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

QUEUED = "hpc_ckpt_*.ckpt"  # Lightning's name for what it saves before it requeues a job


def note_of(environ: Mapping[str, str], words: Iterable[str]) -> Path | None:
    """Return where a job notes the folder of a command's run; None outside of Slurm.

    Args:
        environ: the process's environment.
        words: the command's options, since one job may train several times in a row.

    Example:
        >>> str(note_of({"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}, ["seed=1"]))
        'outputs/.requeue/7_2-bb8c5544'
    """
    if "SLURM_JOB_ID" not in environ:
        return None
    job = "_".join(environ[name] for name in ("SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID") if name in environ)
    return Path("outputs") / ".requeue" / f"{job}-{sha256_of_text(chr(0).join(words))[:8]}"


def was_queued(checkpoints: Path, environ: Mapping[str, str]) -> bool:
    """Return whether a job was requeued, by Lightning or by Slurm, as after a node failure."""
    return environ.get("SLURM_RESTART_COUNT", "0") not in ("", "0") or any(checkpoints.glob(QUEUED))


class Requeue(Callback):
    """Resumes a training that was requeued, and notes the folder of one that starts."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        note = note_of(os.environ, config.hydra.overrides.task)
        if note is None or "resume" not in config or not note.is_file():
            return
        try:
            noted = json.loads(note.read_text())
            folder, checkpoints = Path(noted["folder"]), Path(noted["checkpoints"])
        except (OSError, ValueError, KeyError, TypeError):
            return  # an unreadable note counts as none
        if not was_queued(checkpoints, os.environ):
            return
        last, outcome = checkpoints / "last.ckpt", "had saved no epoch, so it starts again"
        if last.is_file():
            outcome = f"continues, resume={last}"
            with read_write(config), open_dict(config):
                config.hydra.run.dir, config.resume = str(folder), str(last)
        if is_first():
            for path in checkpoints.glob(QUEUED):  # without another checkpoint, Lightning would load this one
                path.unlink(missing_ok=True)
            sys.stderr.write(f"Slurm restarted this job: its run in {shown(str(folder))} {shown(outcome)}\n")

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # by now the folder belongs to this run
        note = note_of(os.environ, config.hydra.overrides.task)
        if note is None or "resume" not in config or not is_first() or HydraConfig.get().mode is not RunMode.RUN:
            return
        folder, output = HydraConfig.get().runtime.output_dir, Path(config.paths.output_dir).absolute()
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(note, json.dumps({"folder": folder, "checkpoints": str(output / "checkpoints")}).encode())

    def on_run_end(self, config: DictConfig, **kwargs: Any) -> None:  # not called for a run that was stopped
        note = note_of(os.environ, config.hydra.overrides.task)
        if note is not None and "resume" in config and is_first():
            note.unlink(missing_ok=True)
