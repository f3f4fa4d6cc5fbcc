"""Show what a corpus holds, and whether its splits leak. See conf/inventory.yaml."""

import sys

from deepfake.command.stopping import stoppable

with stoppable():  # before the imports, which take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.misspelt import near_names


@hydra.main(version_base="1.3", config_path="../conf", config_name="inventory")
def main(cfg: DictConfig) -> None:
    from deepfake.run.inventory import inventory  # here, so that --help starts at once

    inventory(cfg)


if __name__ == "__main__":
    sys.argv[1:] = ["verbose=true" if argument == "-v" else argument for argument in sys.argv[1:]]  # Hydra has no -v
    with stoppable(), near_names("inventory"):
        main()
