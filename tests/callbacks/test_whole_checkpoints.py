"""A checkpoint is written whole or not at all."""

from pathlib import Path

import pytest
import torch

from deepfake.callbacks.whole_checkpoints import WholeCheckpoints
from tests.disk import no_file_beyond


def test_what_is_saved_comes_back_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "last.ckpt"
    files = WholeCheckpoints()
    for number in (1.0, 2.0):
        files.save_checkpoint({"epoch": 3, "state_dict": {"a": torch.full((2,), number)}}, path)
    found = files.load_checkpoint(str(path))
    assert found["epoch"] == 3 and found["state_dict"]["a"].tolist() == [2.0, 2.0]
    assert list(path.parent.iterdir()) == [path]
    for _ in range(2):
        files.remove_checkpoint(path)
    assert not path.exists()


def test_on_a_full_disk_the_earlier_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    files = WholeCheckpoints()
    files.save_checkpoint({"epoch": 1}, path)
    with no_file_beyond(10), pytest.raises(OSError, match=f"File too large.*{path.name}"):
        files.save_checkpoint({"epoch": 2}, path)
    assert files.load_checkpoint(path) == {"epoch": 1} and list(tmp_path.iterdir()) == [path]
