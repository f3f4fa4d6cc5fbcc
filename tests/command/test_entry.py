"""What stands around every stage: a mistake and a disk's fault are one line, and a defect keeps its traceback."""

import errno
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from deepfake.command.entry import CURES, UserError, entry_point, mistake_of, one_line
from deepfake.errors import ConfigError, CorpusError, DeepfakeError, StoreError
from tests.conftest import REPOSITORY, Run


class _Fails(torch.utils.data.Dataset):
    """Raises in a loader's process, whose error torch makes again from a traceback as text."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> int:
        raise self.error


def _from_a_worker(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        list(torch.utils.data.DataLoader(_Fails(error), num_workers=1))
    return caught.value


def _stage(error: Exception) -> Callable[[], object]:
    @entry_point
    def stage(cfg: object) -> None:
        raise error

    return lambda: stage(OmegaConf.create({}))


def test_a_message_of_several_lines_is_told_as_a_whole() -> None:
    with pytest.raises(UserError, match=r"^error: a is not b; choose c: d$"):
        _stage(ConfigError("a is not b;\n\n  choose\n  c: d\n"))()


@pytest.mark.parametrize("message", ["x is gone: run it again", "x is\ngone: run\n  it again", "[Errno 5] gone"])
def test_a_mistake_in_a_loaders_process(message: str) -> None:
    assert mistake_of(_from_a_worker(StoreError(message))) == " ".join(message.split())


def test_a_full_disk_in_a_loaders_process() -> None:
    error = _from_a_worker(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a b/c"))
    assert mistake_of(error) == "/a b/c: No space left on device; make room there, and give the same command again"


@pytest.mark.parametrize("number", CURES)
@pytest.mark.parametrize("name", ["/x/y\x1b", b"/x/y\xff", None, 3])
def test_what_a_disk_forbids_is_one_line_with_a_cure(number: int, name: object) -> None:
    error = OSError(number, os.strerror(number), name) if name is not None else OSError(number, os.strerror(number))
    with pytest.raises(UserError) as caught:
        _stage(error)()
    message = str(caught.value)
    assert message.startswith("error: ") and os.strerror(number) in message and message.endswith(CURES[number])
    assert ("/x/y" in message) == isinstance(name, str | bytes)
    assert message.isprintable()


def test_of_a_copy_the_target_is_named() -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x/partial", None, "/x/best.ckpt")
    assert (mistake_of(error) or "").startswith("/x/best.ckpt: No space left")


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"),
        TypeError("a defect"),
        OSError("without a number"),
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        RuntimeError("[Errno 28] of something else"),
        KeyError("error: a"),
    ],
)
def test_a_defect_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        _stage(error)()
    assert caught.value is error


def test_what_lies_behind_an_error_is_told() -> None:
    def behind(first: Exception, then: Exception) -> str | None:
        then.__cause__ = first
        return mistake_of(then)

    full = OSError(errno.ENOSPC, "No space left on device")
    assert behind(CorpusError("a; b"), RuntimeError("in a target")) == "a; b"
    assert behind(full, RuntimeError("in a target")) == f"No space left on device; {CURES[errno.ENOSPC]}"
    assert behind(full, StoreError("store x is full; make room")) == "store x is full; make room"
    assert behind(TypeError("a defect"), RuntimeError("in a target")) is None
    assert mistake_of(None) is None


def test_hydras_variable_shows_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(DeepfakeError, match="a; b"):
        _stage(ConfigError("a; b"))()


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert one_line("no \x1b[2J\udcff\u202e file;\r\nremove it") == "no \\x1b[2J\\xff\\u202e file; remove it"


def test_log_lines_are_made_fit_for_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    @entry_point
    def stage(cfg: object) -> None:
        logging.getLogger("stage").warning("%s: bad", "a\x1b[2J\r\udcff.mp4")

    stage(OmegaConf.create({}))
    stage(OmegaConf.create({}))
    assert caplog.messages == ["a\\x1b[2J\\r\\xff.mp4: bad"] * 2


@pytest.mark.parametrize("option", ["hydra.run.dir", "hydra.sweep.dir"])
@pytest.mark.parametrize("folder", ["file", "file/run", "/sys/run"])
def test_a_run_whose_folder_cannot_be_made_is_one_line(
    option: str, folder: str, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if folder.startswith("/sys") and not Path("/sys").is_dir():
        pytest.skip("no folder in which nobody can write")
    (tmp_path / "file").write_text("x")
    multirun = ["-m"] if option == "hydra.sweep.dir" else []
    assert script("inventory", *multirun, f"{option}={folder}") == 1
    lines = capfd.readouterr().err.strip().splitlines()
    assert lines[-1].startswith(f"error: {option}=") and "; choose " in lines[-1]
    assert "Traceback" not in "".join(lines)
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("limit", [0, 1 << 15])
def test_a_disk_without_room_for_a_run_is_one_line(limit: int, tmp_path: Path) -> None:
    ended = _inventory(tmp_path, "data=folder", "data.root=.", limit=limit)
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines() == [ended.stderr.strip()]
    assert re.match(r"error: hydra.run.dir=outputs\S*: /\S+: File too large; make room there", ended.stderr)


def test_names_that_the_terminals_encoding_lacks_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "corpus" / "real").mkdir(parents=True)
    (tmp_path / "corpus" / "real" / "名.mp4").touch()
    (tmp_path / "corpus" / "real" / "名").symlink_to("nowhere")
    ended = _inventory(tmp_path, "data=folder", "data.root=corpus", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert "real/\\u540d (a link that leads nowhere)" in ended.stdout


def _inventory(
    folder: Path, *arguments: str, limit: int | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs the script in a process of its own; no file that it writes may have more bytes than `limit`."""
    command = [sys.executable, str(REPOSITORY / "scripts" / "inventory.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"} | variables
    if limit is not None:
        start = "import os, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        start += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", start, *command]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
