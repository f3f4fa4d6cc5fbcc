"""Whether the numbers of a run are those of a checkpoint."""

from pathlib import Path

from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint
from deepfake.errors import CheckpointError
from deepfake.report.page.run_files import RunFiles


def measures(run: RunFiles, checkpoint: Checkpoint) -> bool:
    """Whether a run's numbers are those of a checkpoint: of this file, or of one with the same weights.

    A training names it relative to its own folder, which may have been moved since.
    """
    named = run.facts.get("checkpoint")
    if not isinstance(named, str):
        return False
    for path in (run.folder / named, Path(named)):
        if path.is_file():
            try:
                return path.samefile(checkpoint.path) or read_checkpoint(path).digest == checkpoint.digest
            except CheckpointError:
                return False
    return False
