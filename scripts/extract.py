"""Find and store the faces of a corpus. See conf/extract.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # the imports take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading


@hydra.main(version_base="1.3", config_path="../conf", config_name="extract")
def main(cfg: DictConfig) -> None:
    log_loading()
    from deepfake.faces.server import start_early  # here, so that --help and worker processes start at once

    finder = cfg.faces.get("finder") or {}  # the stage reports a missing finder
    start_early(*filter(None, [str(finder.get("_target_") or "").rpartition(".")[0]]))
    from deepfake.run.extract import extract  # imported last, since it takes seconds

    extract(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
