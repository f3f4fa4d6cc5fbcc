"""Writes checkpoints whole or not at all, even if the disk fills up."""

import io
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import CheckpointIO

from deepfake.atomic import write_atomic


class WholeCheckpoints(CheckpointIO):
    """Writes a checkpoint under a temporary name in its own folder and renames it at the end.

    Lightning itself writes to the system's temporary folder and moves the file. On another disk that is a copy, which a
    full disk or a kill can cut off after it has replaced the earlier checkpoint.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()  # in memory first, since torch's own error does not say that a disk is full
        torch.save(checkpoint, content)
        write_atomic(path, content.getbuffer())

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = None
    ) -> dict[str, Any]:
        content: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=weights_only is not False)
        return content

    def remove_checkpoint(self, path: str | Path) -> None:
        Path(path).unlink(missing_ok=True)
