"""Measure what extraction, the finders or training cost on this machine. See conf/benchmark.yaml."""

import sys
from itertools import pairwise
from pathlib import Path

from deepfake.command.stopping import stoppable

with stoppable():  # before the imports, which take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.misspelt import near_names

# `benchmarks` is no part of the installed package: it lies beside this folder, for this process and its workers.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


@hydra.main(version_base="1.3", config_path="../conf", config_name="benchmark")
def main(cfg: DictConfig) -> None:
    from benchmarks.benchmark import benchmark  # here, so that --help and the worker processes start at once

    benchmark(cfg)


if __name__ == "__main__":
    # Hydra takes no bare word but the value of a flag, as in `--cfg job`.
    words = [word[:1].isalpha() and "=" not in word and before[:1] != "-" for before, word in pairwise(sys.argv)]
    sys.argv[1:] = [f"benchmark={word}" if bare else word for word, bare in zip(sys.argv[1:], words, strict=True)]
    with stoppable(), near_names("benchmark"):
        main()
