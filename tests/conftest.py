"""Shared fixtures: one tiny demo corpus and its faces, and a way to run a script as a user does."""

import os
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Two processes of tests share two cores: with a thread for each core in both, they wait for each other, and the suite
# takes half as much CPU again. It is read when torch is imported, so it stands before all that may import it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from filelock import FileLock
from hydra.core.global_hydra import GlobalHydra

from deepfake.corpora.demo import DemoCorpus

REPOSITORY = Path(__file__).parents[1]
# Small enough to render and extract in seconds, large enough for MTCNN and for three splits.
DEMO = {"num_people": 6, "min_seconds": 0.7, "max_seconds": 0.8}
SMALL_DEMO = [*(f"data.corpus.{key}={value}" for key, value in DEMO.items())]
SHORT = [
    "faces.num_segments=2",
    "loader.num_workers=0",
    "loader.batch_size=8",
    "sampling.clips_per_video=1",
    "sampling.eval_clips_per_track=2",
    "trainer=cpu",
    "trainer.max_epochs=2",
    "trainer.enable_progress_bar=false",
    "logger=csv",
]
TINY = [*SMALL_DEMO, *SHORT]

Run = Callable[..., int]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give slow tests twenty minutes, and begin with those that wait for downloads most.

    They train, and on a shared machine five were too few. At the end, all processes would wait for the installations.
    """
    items.sort(key=lambda item: item.path.name != "test_install.py")  # the others stay in their order
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the demo corpus and its faces are made, once for each session."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all processes of this session."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def painted(root: Path, **design: Any) -> Path:
    """Paint a demo corpus in the shared folder, once for all processes, and return its folder."""
    with FileLock(f"{root}.lock"):
        DemoCorpus(root, num_workers=1, **design).listing()
    return root


def put_demo(data_dir: Path, shared: Path) -> None:
    """Put the tiny demo corpus into the folder of this process, since some tests write beside it."""
    if not (data_dir / "demo").exists():
        shutil.copytree(painted(shared / "demo", **DEMO), data_dir / "demo")


@pytest.fixture(scope="session")
def demo(data_dir: Path, shared: Path) -> DemoCorpus:
    put_demo(data_dir, shared)
    return DemoCorpus(data_dir / "demo", num_workers=1, **DEMO)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def demo_root(demo: DemoCorpus, data_dir: Path) -> Path:
    return data_dir / "demo"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data_dir: Path, shared: Path) -> Run:
    """Runs `scripts/<name>.py` in a folder of its own and returns the exit code; capture with `capfd`."""

    def run(name: str, *arguments: str) -> int:
        path = str(REPOSITORY / "scripts" / f"{name}.py")
        if {*SMALL_DEMO} <= {*arguments}:
            put_demo(data_dir, shared)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DEEPFAKE_DATA", str(data_dir))
        monkeypatch.setattr(sys, "argv", [path, *arguments])
        GlobalHydra.instance().clear()
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as exit_:
            if isinstance(exit_.code, str):  # Python prints it when the script runs as a process of its own
                print(exit_.code, file=sys.stderr)
                return 1
            return int(exit_.code or 0)
        return 0

    return run


# Runs on the tiny demo corpus that are trained once, for the tests that start from one.


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model") / "run"


@pytest.fixture
def one_epoch(kept: Path, script: Run, tmp_path: Path) -> Path:
    """The folder of the run, trained once a session. Read it, never write to it."""
    if not kept.exists():
        assert script("train", *TINY, "trainer.max_epochs=1", "hydra.run.dir=kept") == 0
        shutil.copytree(tmp_path / "kept", kept)
    return kept


@pytest.fixture
def model(one_epoch: Path) -> Path:
    """Its best checkpoint."""
    return one_epoch / "checkpoints" / "best.ckpt"


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("once") / "run"


@pytest.fixture
def trained(once: Path, script: Run, tmp_path: Path) -> Path:
    """The folder of a run, a copy of one that is trained once."""
    if not once.exists():
        assert script("train", *TINY, "hydra.run.dir=trained") == 0
        shutil.copytree(tmp_path / "trained", once)
    shutil.copytree(once, tmp_path / "run")
    return tmp_path / "run"
