"""Measure what extraction, the finders or training cost on this machine. See conf/benchmark.yaml."""

import sys
from pathlib import Path

from deepfake.command.stopping import stoppable

with stoppable():  # the imports take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading

# The package `benchmarks` is not installed; this process and its workers find it beside this folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


@hydra.main(version_base="1.3", config_path="../conf", config_name="benchmark")
def main(cfg: DictConfig) -> None:
    log_loading()
    from benchmarks.benchmark import benchmark  # here, so that --help and the worker processes start at once

    benchmark(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
