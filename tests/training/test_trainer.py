"""What is built around a training."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from deepfake.training.trainer import start_loggers


def test_the_jobs_of_a_sweep_share_a_group_and_every_run_has_its_id() -> None:
    known: dict[str, Any] = {"_target_": "builtins.dict", "run_id": None, "group": None}
    options = OmegaConf.create({"a": known, "b": {**known, "group": "mine"}, "c": {"_target_": "builtins.dict"}})
    started: list[Any] = start_loggers(options, "id", Path("outputs/sweep/first"))
    assert started == [{"run_id": "id", "group": "first"}, {"run_id": "id", "group": "mine"}, {}]
    alone: list[Any] = start_loggers(options, "id", None)
    assert alone[0] == {"run_id": "id", "group": None}
