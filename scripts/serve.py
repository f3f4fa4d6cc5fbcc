"""Serve the page of verdicts. See conf/serve.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # the imports take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading


@hydra.main(version_base="1.3", config_path="../conf", config_name="serve")
def main(cfg: DictConfig) -> None:
    log_loading()
    from deepfake.faces.server import start_early  # here, so that --help and worker processes start at once

    start_early()
    from deepfake.run.serve import serve  # imported last, since it takes seconds

    serve(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
