"""The server that workers are forked from, where it cannot be started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

START = "from deepfake.faces.server import start_early, worker_context; start_early(); print('early'); worker_context()"


@pytest.mark.skipif(sys.platform != "linux", reason="there is no server elsewhere")
def test_a_folder_whose_path_is_too_long_for_a_socket_is_named_by_the_run_that_needs_workers(tmp_path: Path) -> None:
    long = tmp_path / ("a" * 100)
    long.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", START],
        env={**os.environ, "TMPDIR": str(long), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == "early\n"
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("deepfake.errors.ConfigError: no workers can be started") and f"below {long}: set" in last
