"""The runs in which a checkpoint was measured, whose numbers stand in its model card."""

from collections.abc import Sequence
from pathlib import Path

from deepfake.checkpoints import Checkpoint, measures
from deepfake.errors import ConfigError
from deepfake.report.page.run_files import RunFiles, read_run
from deepfake.screen import from_here


def measured_runs(checkpoint: Checkpoint, folders: Sequence[Path] | None) -> tuple[list[RunFiles], str]:
    """Return the runs that measured a checkpoint, and why there are none if there are none.

    Args:
        checkpoint: the checkpoint.
        folders: those of trainings and evaluations; None looks at the training that the checkpoint lies in.

    Raises:
        ConfigError: a folder is none of a finished run, or that run measured another checkpoint.
    """
    if folders is None:
        folder = checkpoint.path.absolute().parent.parent
        if not (folder / "metrics.json").is_file():
            return [], "no metrics.json of a run lies beside the checkpoint"
        run = read_run(folder)
        if not measures(run, checkpoint):
            return [], f"the run's numbers are those of {run.facts.get('checkpoint')}, which is another checkpoint"
        return [run], ""
    runs = [read_run(folder) for folder in folders]
    for run in runs:
        if not measures(run, checkpoint):
            raise ConfigError(
                f"runs={from_here(run.folder)} measured {run.facts.get('checkpoint', 'no checkpoint')}, which is not "
                f"{checkpoint.path}: leave it out, or evaluate this checkpoint"
            )
    return runs, "" if runs else "no run was given"
