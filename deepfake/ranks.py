"""Which process of a run this is, before torch knows of the others."""

import os

# By which torchrun, srun and Lightning's own launcher tell a process its place among all of a run.
VARIABLES = ("RANK", "SLURM_PROCID", "LOCAL_RANK")


def rank() -> int:
    """0 for the first process of a run, and where there is one alone."""
    return next((int(os.environ[name]) for name in VARIABLES if os.environ.get(name, "").isdigit()), 0)


def is_first() -> bool:
    """Whether this is the process that speaks and writes for all."""
    return rank() == 0
