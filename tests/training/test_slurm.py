"""The lines of the documents for torchrun and Slurm, tried without a network: what srun sets, as on two nodes."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest
from pytorch_lightning.plugins.environments import SLURMEnvironment, TorchElasticEnvironment
from pytorch_lightning.strategies import DDPStrategy

from deepfake.command.together import launch_name, num_processes
from deepfake.errors import ConfigError
from deepfake.ranks import rank
from deepfake.training.trainer import build_trainer
from tests.conftest import REPOSITORY
from tests.test_configs import composed

DOCUMENTS = ["README.md", "docs/training.md"]


def line_of(document: str, command: str) -> tuple[dict[str, str], list[str]]:
    """Return the options of the command that starts the processes, and those of the training."""
    text = (REPOSITORY / document).read_text().replace("\\\n", " ")
    (line,) = re.findall(rf"^    ({command} .*--n(?:nodes|odes)=.*)$", text, re.MULTILINE)
    before, after = re.split(r"scripts/train\.py", line.partition("  #")[0].replace('"', " "))
    words = [word.removeprefix("--") for word in shlex.split(before) if word.startswith("--") and "=" in word]
    return dict(word.split("=", 1) for word in words), [word for word in shlex.split(after) if not word.endswith("...")]


def of_rank(process: int, nodes: int, tasks: int) -> Mapping[str, str]:
    """What srun sets for one of its tasks."""
    return {
        "SLURM_JOB_ID": "12345",
        "SLURM_JOB_NAME": "wrap",
        "SLURM_STEP_ID": "0",
        "SLURM_NNODES": str(nodes),
        "SLURM_NTASKS": str(nodes * tasks),
        "SLURM_NTASKS_PER_NODE": str(tasks),
        "SLURM_NODELIST": f"gpu[07-{6 + nodes:02d}]",
        "SLURM_PROCID": str(process),
        "SLURM_LOCALID": str(process % tasks),
        "SLURM_NODEID": str(process // tasks),
    }


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_ADDR", "MASTER_PORT", "RANK", "LOCAL_RANK", "WORLD_SIZE", "GROUP_RANK", "NODE_RANK"):
        monkeypatch.setenv(name, "")  # so that what Lightning sets is taken back
        monkeypatch.delenv(name)


def strategy_of(options: list[str], devices: int, folder: Path) -> DDPStrategy:
    """Build the trainer as a command does; CPUs stand in for the GPUs, all of which `devices=-1` would take."""
    config = composed(*options)
    assert config.trainer.devices == -1 and config.trainer.accelerator == "gpu"
    config.trainer.update({"accelerator": "cpu", "devices": devices, "precision": "32-true"})
    trainer = build_trainer(config.trainer, [], folder)
    assert isinstance(trainer.strategy, DDPStrategy)
    assert trainer.world_size == num_processes()
    return trainer.strategy


@pytest.mark.parametrize("command", ["torchrun", "sbatch"])
def test_the_documents_agree(command: str) -> None:
    lines = [line_of(document, command) for document in DOCUMENTS]
    assert lines[0] == lines[1] and len(lines[0][1]) == 2


@pytest.mark.parametrize("process", [0, 7, 8, 15])
def test_the_slurm_line_starts_one_process_for_each_device(
    process: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started, options = line_of("README.md", "sbatch")
    nodes, tasks = int(started["nodes"]), int(started["ntasks-per-node"])
    assert started["gres"] == f"gpu:{tasks}"
    for name, value in of_rank(process, nodes, tasks).items():
        monkeypatch.setenv(name, value)
    strategy = strategy_of(options, tasks, tmp_path)
    environment = strategy.cluster_environment
    assert isinstance(environment, SLURMEnvironment) and environment.creates_processes_externally
    assert (environment.main_address, environment.main_port) == ("gpu07", 15000 + 2345)
    assert (strategy.local_rank, strategy.node_rank) == (process % tasks, process // tasks)
    assert rank() == strategy.global_rank == process and num_processes() == nodes * tasks
    assert launch_name() == "slurm-12345-0-0"


@pytest.mark.parametrize("process", [0, 15])
def test_the_torchrun_line_starts_one_process_for_each_device(
    process: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started, options = line_of("README.md", "torchrun")
    nodes, tasks = int(started["nnodes"]), int(started["nproc-per-node"])
    host, port = started["rdzv-endpoint"].split(":")
    sets = {
        "TORCHELASTIC_RUN_ID": started["rdzv-id"],
        "MASTER_ADDR": host,
        "MASTER_PORT": port,
        "WORLD_SIZE": nodes * tasks,
        "LOCAL_WORLD_SIZE": tasks,
        "RANK": process,
        "LOCAL_RANK": process % tasks,
        "GROUP_RANK": process // tasks,
    }
    for name, value in sets.items():
        monkeypatch.setenv(name, str(value))
    strategy = strategy_of(options, tasks, tmp_path)
    assert isinstance(strategy.cluster_environment, TorchElasticEnvironment)
    assert (strategy.local_rank, strategy.node_rank) == (process % tasks, process // tasks)
    assert rank() == strategy.global_rank == process and num_processes() == nodes * tasks


def test_nodes_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in of_rank(0, 2, 8).items():
        monkeypatch.setenv(name, value)
    _, options = line_of("README.md", "sbatch")
    options = [word for word in options if not word.startswith("trainer.num_nodes")]
    with pytest.raises(ConfigError, match="16 processes were started for this run, but the trainer expects 8: use"):
        strategy_of(options, 8, tmp_path)
