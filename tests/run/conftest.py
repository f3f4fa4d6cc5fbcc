"""Runs on the tiny demo corpus that are trained once, for the tests that start from one."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import TINY, Run


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
