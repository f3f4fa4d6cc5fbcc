"""A run's id, which stays the same in another folder, on another machine and on a dashboard."""

import secrets
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl


class RunId(pl.Callback):
    """Keeps the run's id in its checkpoints.

    Args:
        run_id: id of the run to continue; None makes a new one.
    """

    def __init__(self, run_id: str | None = None) -> None:
        self.run_id = run_id or secrets.token_hex(4)

    def state_dict(self) -> dict[str, Any]:
        return {"run_id": self.run_id}

    @classmethod
    def of(cls, checkpoint: Mapping[str, Any]) -> "RunId":
        """Return the id of the run that saved a checkpoint; a new one if the checkpoint has none.

        Args:
            checkpoint: the checkpoint's content.
        """
        state = checkpoint.get("callbacks", {}).get("RunId", {})
        known = state.get("run_id") if isinstance(state, Mapping) else None
        return cls(known if isinstance(known, str) and known.isalnum() else None)
