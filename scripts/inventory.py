"""Show what a corpus holds and whether its splits leak. See conf/inventory.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # the imports take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line


@hydra.main(version_base="1.3", config_path="../conf", config_name="inventory")
def main(cfg: DictConfig) -> None:
    from deepfake.run.inventory import inventory  # here, so that --help starts at once

    inventory(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
