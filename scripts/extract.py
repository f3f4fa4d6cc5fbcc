"""Find and store the faces of a corpus. See conf/extract.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # before the imports, which take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading


@hydra.main(version_base="1.3", config_path="../conf", config_name="extract")
def main(cfg: DictConfig) -> None:
    log_loading()
    from deepfake.faces.server import start_early  # here, so that --help and the processes that decode start at once

    finder = cfg.faces.get("finder") or {}  # what is missing is said by the stage
    start_early(*filter(None, [str(finder.get("_target_") or "").rpartition(".")[0]]))
    from deepfake.run.extract import extract  # after: it takes seconds

    extract(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
