"""Train and test a detector. See conf/train.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # the imports take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading


@hydra.main(version_base="1.3", config_path="../conf", config_name="train")
def main(cfg: DictConfig) -> float:
    log_loading()
    from deepfake.run.train import train  # here, so that --help and worker processes start at once

    return train(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
