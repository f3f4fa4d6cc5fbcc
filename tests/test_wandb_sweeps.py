"""The searches of `wandb sweep`: the command line that an agent calls composes, for every value."""

from typing import Any

import pytest
import yaml
from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict, read_write

from deepfake.command.stages.train import OPTIONS
from deepfake.config.check import check_options
from deepfake.task import LOGGED
from tests.conftest import REPOSITORY
from tests.test_configs import CONF, composed

SWEEPS = sorted(CONF.glob("sweep/*.yaml"))


def values(parameter: dict[str, Any]) -> list[Any]:
    """All values of a parameter that lists them; of a range both ends."""
    return list(parameter.get("values", ())) or [parameter["min"], parameter["max"]]


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_what_an_agent_calls_composes(path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = yaml.safe_load(path.read_text())
    assert (REPOSITORY / sweep["program"]).is_file() and sweep["metric"]["name"] in LOGGED
    assert sweep["command"][-1] == "${args_no_hyphens}" and sweep["command"][1:3] == ["python", "${program}"]
    own = sweep["command"][3:-1]
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)  # afterwards it is unknown again
    first = {name: values(parameter)[0] for name, parameter in sweep["parameters"].items()}
    for name, parameter in sweep["parameters"].items():
        for value in values(parameter):
            given = [f"{key}={chosen}" for key, chosen in {**first, name: value}.items()]
            cfg = composed(*own, *given, "paths.output_dir=run", hydra=True)
            HydraConfig.instance().set_config(cfg)
            with read_write(cfg), open_dict(cfg):
                del cfg["hydra"]
            check_options(cfg, OPTIONS)
