"""Prepares what the plugins of a multirun, launchers and sweepers, need around them."""

import multiprocessing
import os
import sys
from typing import Any

from hydra.core.plugins import Plugins
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

# Package of a launcher -> the extra of pyproject.toml that installs it.
EXTRAS = {
    "hydra_plugins.hydra_joblib_launcher": "joblib",
    "hydra_plugins.hydra_submitit_launcher": "slurm",
    "hydra_plugins.hydra_ray_launcher": "ray",
}


class PrepareLauncher(Callback):
    """Names the cure for a launcher that is not installed, and keeps plugins from breaking jobs or chattering."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        # Under `uv run`, Ray would run the jobs in a copy of this folder, and relative paths would lead into the copy.
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        # Optuna's sweeper runs with SQLAlchemy 1.4, which would tell every user that 2.0 is out.
        os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
        target = config.hydra.launcher._target_
        extra = EXTRAS.get(".".join(target.split(".")[:2]))
        if extra and target not in Plugins.instance().class_name_to_class:
            choice = config.hydra.runtime.choices["hydra/launcher"]
            # SystemExit, because Hydra turns any Exception in a callback into a warning, and ends in a traceback later.
            cure = f"uv sync --extra {extra}, or pip install -e '.[{extra}]'"
            sys.exit(f"error: hydra/launcher={choice} needs a plugin: {cure}")

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        # joblib's processes pass their start method on to those that a job spawns, which do not know it and die.
        if multiprocessing.get_start_method(allow_none=True) == "loky":
            multiprocessing.set_start_method(None, force=True)
