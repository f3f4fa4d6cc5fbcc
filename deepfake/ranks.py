"""Tells which process of a run this is, before torch connects it to the others."""

import os

# Variables by which torchrun, srun and Lightning's own launcher tell a process its rank.
VARIABLES = ("RANK", "SLURM_PROCID", "LOCAL_RANK")


def rank() -> int:
    """Return this process's rank; 0 for the first or only process of a run."""
    return next((int(os.environ[name]) for name in VARIABLES if os.environ.get(name, "").isdigit()), 0)


def is_first() -> bool:
    """Return whether this is the process that logs and writes for all."""
    return rank() == 0
