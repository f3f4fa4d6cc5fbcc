"""The command: mistakes are one line before anything is loaded, and a signal leaves nothing."""

import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from deepfake.run.serve import STOPPED
from tests.checkpoints.test_checkpoint import content
from tests.conftest import Run
from tests.run.processes import SIGNALS, running, wait_for


def test_a_missing_gradio_is_one_line_with_the_extra(
    script: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert script("serve", "checkpoint=a.ckpt", "hydra.run.dir=out") == 1
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line]
    assert line.startswith("error: scripts/serve.py needs the package gradio (")
    assert line.endswith("uv sync --extra app, or pip install 'deepfake[app]'")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("port=0", "port is 0: give"),
        ("port=70000", "port is 70000: give"),
        ("host=", "host is ''"),
        ("max_waiting=31", "max_waiting is 31: give"),
        ("max_megabytes=0", "max_megabytes is 0: give"),
        ("max_seconds=2.5", "max_seconds is 2.5: give"),
        ("checkpoint=[]", "checkpoint is []"),
        ("tracks=largest", "tracks is 'largest'"),
    ],
)
def test_a_wrong_option_is_one_line(option: str, said: str, script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("serve", "checkpoint=a.ckpt", "hydra.run.dir=out", option) == 1
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line]
    assert line.startswith("error: ") and said in line


def test_a_taken_port_is_told_before_a_checkpoint_is_read(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gradio")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert script("serve", "checkpoint=none.ckpt", f"port={port}", "hydra.run.dir=out") == 1
    assert capfd.readouterr().err.startswith(f"error: port={port} is taken by another program")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for temporary files: the paths of pytest's own are nearly too long for the sockets of workers."""
    with tempfile.TemporaryDirectory(prefix="d") as name:
        yield Path(name)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_amid_a_job_ends_the_page_and_leaves_no_file(
    number: signal.Signals, code: int, demo_root: Path, data_dir: Path, tmp_path: Path, short_folder: Path
) -> None:
    pytest.importorskip("gradio")
    import httpx

    torch.save(content(), tmp_path / "a.ckpt")
    options = ["checkpoint=a.ckpt", "host=127.0.0.1", "extract.num_workers=1", "hydra.run.dir=out"]
    with running(tmp_path, data_dir, "serve", *options, variables={"TMPDIR": str(short_folder)}) as process:
        wait_for(process, tmp_path, "the page is at http")
        found = re.search(r"the page is at (\S+);", (tmp_path / "shown").read_text())
        assert found is not None
        api = f"{found[1]}/gradio_api"
        content_ = (demo_root / "extra" / "two_people.mp4").read_bytes()
        (path,) = httpx.post(f"{api}/upload", files={"files": ("mine.mp4", content_)}, timeout=60).json()
        config = httpx.get(f"{found[1]}/config", timeout=60).json()
        (function,) = [each["id"] for each in config["dependencies"] if each["inputs"]]
        (detector,) = [
            each["props"]["value"] for each in config["components"] if each["props"].get("label") == "Detector"
        ]
        file = {"path": path, "orig_name": "mine.mp4", "meta": {"_type": "gradio.FileData"}}
        body = {"data": [file, detector], "fn_index": function, "session_hash": "mine"}
        joined = httpx.post(f"{api}/queue/join", json=body, timeout=60)
        assert joined.status_code == 200, joined.text
        wait_for(process, tmp_path, "job 1: ")
        os.killpg(process.pid, number)
        assert process.wait(60) == code
    shown = (tmp_path / "shown").read_text()
    assert STOPPED in shown and "Traceback" not in shown and "mine" not in shown, shown
    assert not [*short_folder.glob("deepfake-*"), *short_folder.glob("gradio*")]
