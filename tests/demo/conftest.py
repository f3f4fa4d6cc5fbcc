"""A corpus small enough for tests: 6 people, clips of 4 to 6 small frames, made once for each session."""

from pathlib import Path

import pytest

from deepfake.demo.design import DemoDesign
from deepfake.demo.generate import ensure_corpus


@pytest.fixture(scope="session")
def tiny() -> DemoDesign:
    return DemoDesign(num_people=6, width=160, height=120, min_seconds=0.16, max_seconds=0.24)


@pytest.fixture(scope="session")
def tiny_root(tiny: DemoDesign, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the corpus; tests may read it but never write to it."""
    root = tmp_path_factory.mktemp("data") / "demo"
    ensure_corpus(root, tiny, num_workers=1)
    return root
