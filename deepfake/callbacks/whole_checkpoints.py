"""Checkpoints that are there whole or not at all, also on a disk that fills."""

import io
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import CheckpointIO

from deepfake.atomic import write_atomic


class WholeCheckpoints(CheckpointIO):
    """Writes a checkpoint under another name in its own folder, and renames it last.

    Lightning's own way writes it into the folder for temporary files and moves it from there; to another disk that is a
    copy, which a full disk or a kill cuts off in the place of the earlier checkpoint.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()  # torch makes of a full disk an error that does not say so
        torch.save(checkpoint, content)
        write_atomic(path, content.getbuffer())

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = None
    ) -> dict[str, Any]:
        content: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=weights_only is not False)
        return content

    def remove_checkpoint(self, path: str | Path) -> None:
        Path(path).unlink(missing_ok=True)
