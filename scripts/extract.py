"""Find and store the faces of a corpus. See conf/extract.yaml."""

import hydra
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path="../conf", config_name="extract")
def main(cfg: DictConfig) -> None:
    from deepfake.run.extract import extract  # here, so that --help and the processes that decode start at once

    extract(cfg)


if __name__ == "__main__":
    main()
