"""Score unseen files. See conf/predict.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # before the imports, which take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading


@hydra.main(version_base="1.3", config_path="../conf", config_name="predict")
def main(cfg: DictConfig) -> None:
    log_loading()
    from deepfake.faces.server import start_early  # here, so that --help and the processes that decode start at once

    start_early()
    from deepfake.run.predict import predict  # after: it takes seconds

    predict(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
