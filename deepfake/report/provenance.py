"""What a result was made with: this project's commit, packages, device, time and memory."""

import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("deepfake", "torch", "torchvision", "pytorch-lightning", "timm", "numpy", "av", "pillow")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known when a run begins, and may be otherwise when it ends.

    Attributes:
        time: by `time.monotonic`.
        git: see `provenance`.
    """

    time: float
    git: dict[str, Any] | None


def begin() -> Beginning:
    """Note when a run begins, and by which code."""
    return Beginning(time.monotonic(), _git(Path(__file__).parent))


def provenance(device: torch.device | str, beginning: Beginning) -> dict[str, Any]:
    """Return facts about the process at hand, for `metrics.json`.

    Args:
        device: the device that computed.
        beginning: what `begin` returned.

    Returns:
        `git`: the revision of the clone that this package runs from, and whether its Python or YAML files were changed
        or are new (None if git could not tell); None if it was installed otherwise. `packages`: name -> version.
        `device`, `wall_time_s`, and `peak_memory_bytes`: the most main memory that this process has used so far (with
        the earlier jobs of a sweep, without workers), and the most memory of a CUDA device (else None).
    """
    device = torch.device(device)
    is_cuda = device.type == "cuda"
    return {
        "git": beginning.git,
        "packages": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "device": torch.cuda.get_device_name(device) if is_cuda else f"{device.type} ({platform.machine()})",
        "wall_time_s": round(time.monotonic() - beginning.time, 1),
        "peak_memory_bytes": {
            "main": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            "cuda": torch.cuda.max_memory_allocated(device) if is_cuda else None,
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:  # the clone was not installed
        return None


def _git(folder: Path) -> dict[str, Any] | None:
    """Return the revision of the clone that holds a folder; None if git does not know the folder."""
    revision = _answer(folder, "rev-parse", "HEAD")
    if not revision or not _answer(folder, "ls-files", "--error-unmatch", Path(__file__).name):
        return None
    changes = _answer(folder, "status", "--porcelain", "--", ":(top)*.py", ":(top)*.yaml", ":(top)pyproject.toml")
    return {"revision": revision, "changed": None if changes is None else bool(changes)}


def _answer(folder: Path, *command: str) -> str | None:
    """Return what git says; None if it fails."""
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # nothing is written into somebody's clone
    try:
        done = subprocess.run(
            ["git", *command], cwd=folder, env=quiet, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):  # there is no git, or its disk does not answer
        return None
    return done.stdout.strip() if done.returncode == 0 else None
