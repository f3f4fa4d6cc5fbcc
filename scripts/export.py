"""Write a detector as a file that others can run. See conf/export.yaml."""

from deepfake.command.stopping import stoppable

with stoppable():  # the imports take seconds
    import hydra
    from omegaconf import DictConfig

    from deepfake.command.command_line import command_line, log_loading


@hydra.main(version_base="1.3", config_path="../conf", config_name="export")
def main(cfg: DictConfig) -> None:
    log_loading()
    from deepfake.run.export import export  # here, so that --help starts at once

    export(cfg)


if __name__ == "__main__":
    with stoppable(), command_line(__file__):
        main()
