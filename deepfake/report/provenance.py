"""What a result was made with: this project's commit, packages, device, time and memory."""

import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("deepfake", "torch", "torchvision", "pytorch-lightning", "timm", "numpy", "av", "pillow")


def provenance(device: torch.device | str, since: float) -> dict[str, Any]:
    """Return facts about the process at hand, for `metrics.json`.

    Args:
        device: the device that computed.
        since: when the run began, by `time.monotonic`.

    Returns:
        `git`: the revision of the clone that this package runs from, and whether files of it were changed; None if it
        was installed otherwise. `packages`: name -> version. `device`, `wall_time_s`, and `peak_memory_bytes`: the most
        main memory that this process has used, without its workers, and the most memory of a CUDA device (else None).
    """
    device = torch.device(device)
    is_cuda = device.type == "cuda"
    return {
        "git": _git(Path(__file__).parent),
        "packages": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "device": torch.cuda.get_device_name(device) if is_cuda else f"{device.type} ({platform.machine()})",
        "wall_time_s": round(time.monotonic() - since, 1),
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
    tracked = _answer(folder, "ls-files", "--error-unmatch", Path(__file__).name)
    if not revision or not tracked:
        return None
    return {"revision": revision, "changed": bool(_answer(folder, "status", "--porcelain", "--untracked-files=no"))}


def _answer(folder: Path, *command: str) -> str:
    try:
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):  # there is no git, or its disk does not answer
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
