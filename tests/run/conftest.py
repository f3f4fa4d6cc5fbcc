"""One run of one epoch on the tiny demo corpus, for the tests that start from a trained detector."""

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
