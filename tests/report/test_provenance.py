"""What a result was made with."""

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfake.report import provenance as module
from deepfake.report.provenance import Beginning, begin, provenance


def git(folder: Path, *command: str) -> str:
    names = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *names, *command], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_it_names_versions_device_time_and_memory() -> None:
    block = np.ones(50_000_000, dtype=np.uint8)  # touched, so it counts
    found = provenance("cpu", Beginning(time.monotonic() - 2, None))
    assert torch.__version__.startswith(found["packages"]["torch"]) and found["packages"]["numpy"] == np.__version__
    assert found["device"].startswith("cpu") and found["peak_memory_bytes"]["cuda"] is None
    assert 2 <= found["wall_time_s"] < 60
    assert block.nbytes < found["peak_memory_bytes"]["main"] < 2**40


def test_it_names_the_commit_and_whether_the_tree_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "provenance.py"
    source.write_text("a = 1\n")
    monkeypatch.setattr(module, "__file__", str(source))
    assert begin().git is None  # no clone
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "a")
    assert begin().git is None  # installed into a folder inside somebody else's clone
    git(tmp_path, "add", "provenance.py")
    git(tmp_path, "commit", "-q", "-m", "b")
    revision = git(tmp_path, "rev-parse", "HEAD").strip()
    (tmp_path / "notes.txt").touch()
    assert begin().git == {"revision": revision, "changed": False}
    (tmp_path / "new.py").touch()
    assert begin().git == {"revision": revision, "changed": True}
    (tmp_path / "new.py").unlink()
    source.write_text("a = 2\n")
    assert begin().git == {"revision": revision, "changed": True}


def test_a_git_that_does_not_answer_is_not_taken_for_an_unchanged_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"rev-parse": "abc", "ls-files": "provenance.py", "status": None}
    monkeypatch.setattr(module, "_answer", lambda folder, command, *more: answers[command])
    assert begin().git == {"revision": "abc", "changed": None}
