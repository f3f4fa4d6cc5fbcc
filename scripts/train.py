"""Train and test a detector. See conf/train.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # before the imports, which take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.misspelt import near_names


@hydra.main(version_base="1.3", config_path="../conf", config_name="train")
def main(cfg: DictConfig) -> float:
    from deepfake.run.train import train  # here, so that --help and the processes that decode start at once

    return train(cfg)


if __name__ == "__main__":
    with stoppable(), near_names("train"):
        main()
