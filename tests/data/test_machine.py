"""A machine's resources for loading."""

from pathlib import Path

import psutil

from deepfake.data.machine import free_memory, this_machine


def test_this_machine_is_shared_by_its_processes() -> None:
    whole, half = this_machine(), this_machine(2)
    assert 1 <= half.cores <= whole.cores
    assert half.memory < whole.memory <= psutil.virtual_memory().total


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    assert free_memory(tmp_path) <= psutil.virtual_memory().total  # without these files there is no container
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 500000\ninactive_file 150000\n")
    (tmp_path / "memory.max").write_text("1000000\n")
    assert free_memory(tmp_path) == 450_000
    (tmp_path / "memory.current").write_text("2000000\n")
    assert free_memory(tmp_path) == 0
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(tmp_path) > 1_000_000
