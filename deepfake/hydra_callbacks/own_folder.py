"""Gives every run a folder of its own: under a unique name, or under a given one if no other run has used it."""

import copy
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from deepfake.command.entry import mistake_of
from deepfake.command.taken import resumed_by, take
from deepfake.command.writable import require_writable
from deepfake.errors import ConfigError
from deepfake.names import shown
from deepfake.ranks import is_first


class OwnFolder(Callback):
    """Takes the folder of a run or of a sweep, or exits with code 1 and a line that says why it cannot."""

    def __init__(self) -> None:
        self._lock: FileLock | None = None  # held until this process ends, however it ends

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._take(config, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._take(config, "hydra.sweep.dir")

    def _take(self, config: DictConfig, option: str) -> None:
        if not is_first():
            return  # another process of the same run has taken it
        folder = resolved(config, option)
        sweep = OmegaConf.select(config, "sweep.resume")
        if sweep is not None and option == "hydra.run.dir":
            sys.exit("error: sweep.resume is for sweeps: add -m and the options of the sweep")
        _refuse_two_recipes(config)
        if sweep is not None and OmegaConf.select(config, "hydra.sweeper.storage") is not None:
            study = f"hydra.sweeper.storage=sqlite:///{shown(str(sweep))}/study.db hydra.sweeper.sampler.seed=1"
            sys.exit(f"error: sweep.resume is not for searches: a study goes on in a new folder, with {study}")
        if sweep is not None and Path(folder).resolve() != Path(sweep).resolve():
            sys.exit(f"error: sweep.resume={shown(str(sweep))} goes on in its own folder: leave {option} out")
        if sweep is not None and not (Path(sweep) / "multirun.yaml").is_file():
            sys.exit(
                f"error: sweep.resume={shown(str(sweep))} is no folder of a sweep: give the one with multirun.yaml"
            )
        try:
            require_writable(Path(folder))
            self._lock = take(Path(folder), option, resumed_by(config))
        except (OSError, ConfigError) as error:
            reason = mistake_of(error) or f"{error}; choose another folder"
            # SystemExit, because Hydra turns any Exception in a callback into a warning, and continues.
            sys.exit(f"error: {reason if isinstance(error, ConfigError) else f'{option}={shown(folder)}: {reason}'}")

    def __getstate__(self) -> dict[str, Any]:
        return {"_lock": None}  # the jobs of a sweep get a copy, but the lock stays with the sweep


def _refuse_two_recipes(config: DictConfig) -> None:
    """Exit if a study tries other values of what a preset has fixed, since the study's would win."""
    experiment = config.hydra.runtime.choices.get("experiment")
    if experiment is None or OmegaConf.select(config, "hydra.sweeper.storage") is None:
        return
    searched = [name for name in config.hydra.sweeper.get("params") or {} if name in ("augment", "loss")]
    if searched:
        sys.exit(
            f"error: this search tries its own values of {' and '.join(searched)}, so experiment={experiment} would "
            "not be what is trained: leave experiment out, or write a yaml with another space, like "
            "conf/search/optuna.yaml"
        )


def resolved(config: DictConfig, option: str) -> str:
    """Resolve an option that refers to Hydra's own config, which Hydra sets only later."""
    hydra, before = HydraConfig.instance(), HydraConfig.instance().cfg
    try:
        hydra.set_config(copy.deepcopy(config))  # a copy, since this makes it read-only
        return str(OmegaConf.select(config, option))  # not from the copy, so that the config caches the token
    finally:
        hydra.cfg = before
