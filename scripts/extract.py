"""Find and store the faces of a corpus. See conf/extract.yaml."""

import hydra
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path="../conf", config_name="extract")
def main(cfg: DictConfig) -> None:
    from deepfake.faces.server import start_early  # here, so that --help and the processes that decode start at once

    start_early(cfg.faces.finder._target_.rpartition(".")[0])
    from deepfake.run.extract import extract  # after: it takes seconds

    extract(cfg)


if __name__ == "__main__":
    main()
