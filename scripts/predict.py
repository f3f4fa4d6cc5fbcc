"""Score unseen files. See conf/predict.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # before the imports, which take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.misspelt import near_names


@hydra.main(version_base="1.3", config_path="../conf", config_name="predict")
def main(cfg: DictConfig) -> None:
    from deepfake.faces.server import start_early  # here, so that --help and the processes that decode start at once

    start_early()
    from deepfake.run.predict import predict  # after: it takes seconds

    predict(cfg)


if __name__ == "__main__":
    with stoppable(), near_names("predict"):
        main()
