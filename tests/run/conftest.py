"""What several tests of commands need."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Path:
    """A copy, where the command runs, of what a module has made once."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path
