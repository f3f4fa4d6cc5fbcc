"""Learn on val what the scores of a checkpoint are worth. See conf/calibrate.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # the imports take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading


@hydra.main(version_base="1.3", config_path="../conf", config_name="calibrate")
def main(cfg: DictConfig) -> None:
    log_loading()
    from deepfake.run.calibrate import calibrate  # here, so that --help and worker processes start at once

    calibrate(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
