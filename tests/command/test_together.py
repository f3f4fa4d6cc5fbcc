"""Several processes of one run: their messages, and trainings that torchrun or srun starts."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from deepfake.command import together as module
from deepfake.command.together import Ranks, launch_name, num_processes
from deepfake.errors import TrainingError
from tests.launch import Launch

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none",
    "WORLD_SIZE": "4",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "node-1",
    "MASTER_PORT": "29500",
    "TORCHELASTIC_RESTART_COUNT": "0",
}
SRUN = {"SLURM_JOB_ID": "123", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_PROCID": "1"}


def test_what_has_been_started_is_told_by_the_environment() -> None:
    assert [num_processes(each) for each in ({}, TORCHRUN, SRUN)] == [1, 4, 2]
    in_sbatch_script = {name: value for name, value in SRUN.items() if name != "SLURM_STEP_ID"}
    assert num_processes(in_sbatch_script) == 1
    assert launch_name({**TORCHRUN, "RANK": "0"}) == launch_name({**TORCHRUN, "RANK": "3"})
    assert launch_name(TORCHRUN) != launch_name({**TORCHRUN, "TORCHELASTIC_RESTART_COUNT": "1"})
    assert launch_name(SRUN) != launch_name({**SRUN, "SLURM_STEP_ID": "1"})
    assert "/" not in launch_name({**TORCHRUN, "MASTER_ADDR": "a/b:c"})


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Ranks, Ranks]]:
    monkeypatch.setattr(module, "BEAT", 0.05)
    monkeypatch.setattr(module, "ARRIVAL", 1.0)
    monkeypatch.setattr(module.atexit, "register", lambda *args: None)
    both = Ranks(tmp_path / "ranks", 0, 2), Ranks(tmp_path / "ranks", 1, 2)
    yield both
    for ranks in both:
        ranks.end()


def test_the_second_reads_what_the_first_says(pair: tuple[Ranks, Ranks], tmp_path: Path) -> None:
    first, second = pair
    first.begin()
    second.begin()
    first.publish("folder", "here")
    assert second.read(0, "folder") == "here"
    second.publish("ready")
    first.meet("ready")
    first.end()
    second.end()
    assert not (tmp_path / "ranks").exists()


def test_what_an_earlier_launch_left_is_not_believed(pair: tuple[Ranks, Ranks], tmp_path: Path) -> None:
    first, second = pair
    (tmp_path / "ranks").mkdir()
    for name in ("said-0-folder", "lives-0", "ended-0"):
        (tmp_path / "ranks" / name).write_text("of another launch")
    second.begin()
    with pytest.raises(TrainingError, match="process 0 of this run did not start within 1 s"):
        second.read(0, "folder")
    first.begin()
    first.publish("folder", "new")
    assert second.read(0, "folder") == "new"


@pytest.mark.parametrize("failing", [0, 1])
def test_who_comes_late_is_told_of_one_that_has_failed_before(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.atexit, "register", lambda *args: None)
    early, late = (Ranks(tmp_path / "ranks", rank, 2, unique=True) for rank in (failing, 1 - failing))
    early.begin()
    early.end("no such option")
    late.begin()
    with pytest.raises(TrainingError, match="no such option"):
        late.read(failing, "folder")
    late.end("it has failed as well")


@pytest.mark.parametrize("failing", [0, 1])
def test_who_waits_for_one_that_fails_is_told_why(failing: int, pair: tuple[Ranks, Ranks]) -> None:
    for ranks in pair:
        ranks.begin()
    pair[1 - failing].publish("ready")
    pair[0].publish("folder")
    pair[1].read(0, "folder")
    pair[failing].end("no space left")
    with pytest.raises(TrainingError, match=f"process {failing} of this run failed, .*no space left; fix that"):
        pair[1 - failing].meet("ready")


def test_silence_is_death(pair: tuple[Ranks, Ranks]) -> None:
    first, second = pair
    first.begin()
    second.begin()
    first.publish("folder")
    second.read(0, "folder")
    first._ended.set()  # as if it had been killed: it publishes nothing and stops counting
    deadline = time.monotonic() + 10
    while second.failure(silent=0.5) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "process 0 of this run has given no sign of life" in str(second.failure(silent=0.5))


@pytest.fixture
def launch(tmp_path: Path, data_dir: Path, demo_root: Path) -> Launch:
    return Launch(
        tmp_path, data_dir, "+trainer.strategy=ddp", "trainer.devices=2", f"paths.faces_dir={tmp_path / 'faces'}"
    )


@pytest.mark.slow
@pytest.mark.parametrize("by", ["torchrun", "srun on two nodes"])
def test_two_processes_are_one_run(by: str, launch: Launch, tmp_path: Path) -> None:
    nodes = ["trainer.devices=1", "+trainer.num_nodes=2"]
    results = launch.torchrun() if by == "torchrun" else launch.srun(*nodes, nodes=2)
    assert [code for code, _ in results] == [0] * len(results), results
    (folder,) = tmp_path.glob("outputs/train/demo/meso4/*")
    names = {path.name for path in folder.iterdir()}
    assert {"metrics.json", "predictions.csv", "checkpoints", "train.log", "train_process_1.log"} <= names
    assert (folder / "train.log").read_text().count("epoch 2 of 2: train loss") == 1
    assert "[deepfake." not in (folder / "train_process_1.log").read_text()
    clips = pd.read_csv(folder / "predictions.csv")
    assert not clips.duplicated(["video_id", "track", "start"]).any()
    data = json.loads((folder / "metrics.json").read_text())["data"]
    assert data["coverage"]["test"]["scored"] == clips["video_id"].nunique() == 11
    outputs = "".join(output for _, output in results)
    assert outputs.count("extracting 33 videos") == 1
    assert not any((tmp_path / "outputs" / ".ranks").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("failure", ["early-0", "late-1", "kill-1"])
def test_no_process_waits_for_one_that_has_failed(failure: str, launch: Launch) -> None:
    begun = time.monotonic()
    results = launch.srun(BREAK=failure)
    other = 1 - int(failure[-1])
    code, output = results[other]
    assert code == 1, output
    assert f"process {failure[-1]} of this run" in output
    assert "Traceback" not in output
    assert results[1 - other][0] == (-signal.SIGKILL if failure.startswith("kill") else 1)
    assert time.monotonic() - begun < 240


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["trainer.devices=1", "~trainer.strategy"],
            "2 processes were started for this run, but the trainer expects 1",
        ),
        (["seed=0,1", "-m"], "the jobs of a sweep (-m) train on one device each"),
    ],
    ids=["devices", "sweep"],
)
def test_a_launch_that_does_not_fit_is_refused(options: list[str], message: str, launch: Launch) -> None:
    results = launch.srun(*options, SLURM_NTASKS_PER_NODE="1")
    for code, output in results:
        assert code == 1, output
        assert "error: " in output and "Traceback" not in output
    assert any(message in output for _, output in results), results
    assert not (launch.folder / "faces").exists()
