"""Trainings of two gloo processes on the CPU, the second started seconds after the first."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY, TINY

DELAYED = """
import os, runpy, signal, sys, time
rank = int(os.environ.get("RANK") or os.environ["SLURM_PROCID"])
time.sleep(4 * rank)
failure = os.environ.get("BREAK")
if failure and rank == int(failure[-1]):
    def stop(self):
        if failure.startswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        from deepfake.errors import TrainingError
        raise TrainingError("broken on purpose")
    if failure.startswith("early"):
        import deepfake.checkpoints.initial_model as early
        early.build_model = lambda *args: stop(None)
    else:
        from deepfake.task import DetectorTask
        DetectorTask.on_train_batch_end = lambda self, *args: stop(self)
sys.argv = [sys.argv[1], *sys.argv[2:]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Launch:
    """Starts a training of two processes in a folder, with torchrun or with the variables that srun would set.

    Args:
        folder: where it is started.
        data_dir: where the demo corpus is.
        options: of the training, after those of a tiny one.
    """

    def __init__(self, folder: Path, data_dir: Path, *options: str) -> None:
        self.folder = folder
        (folder / "delayed.py").write_text(DELAYED)
        self.words = [
            str(folder / "delayed.py"),
            str(REPOSITORY / "scripts" / "train.py"),
            *TINY,
            *options,
        ]
        own = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "WANDB_"))}
        self.environ = {**own, "PYTHONPATH": str(REPOSITORY), "DEEPFAKE_DATA": str(data_dir), "OMP_NUM_THREADS": "1"}

    def torchrun(self, *options: str, **variables: str) -> list[tuple[int, str]]:
        start = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", *self.words, *options]
        return self._results([self._start(start, variables)])

    def srun(self, *options: str, nodes: int = 1, **variables: str) -> list[tuple[int, str]]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        common = {
            "SLURM_JOB_ID": str(os.getpid()),
            "SLURM_STEP_ID": "0",
            "SLURM_JOB_NAME": "training",
            "SLURM_NTASKS": "2",
            "SLURM_NTASKS_PER_NODE": str(2 // nodes),
            "SLURM_NNODES": str(nodes),
            "SLURM_NODELIST": "localhost",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
            **variables,
        }
        start = [sys.executable, *self.words, *options]
        places = ["SLURM_NODEID", "SLURM_LOCALID"] if nodes > 1 else ["SLURM_LOCALID", "SLURM_NODEID"]
        own = [{"SLURM_PROCID": rank, places[0]: rank, places[1]: "0"} for rank in ("0", "1")]
        return self._results([self._start(start, {**common, **each}) for each in own])

    def _start(self, words: list[str], variables: dict[str, str]) -> "subprocess.Popen[str]":
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
        return subprocess.Popen(words, cwd=self.folder, env={**self.environ, **variables}, **options)  # type: ignore[call-overload,no-any-return]

    def _results(self, processes: "list[subprocess.Popen[str]]") -> list[tuple[int, str]]:
        try:
            outputs = [process.communicate(timeout=400)[0] for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return [(process.returncode, output) for process, output in zip(processes, outputs, strict=True)]
