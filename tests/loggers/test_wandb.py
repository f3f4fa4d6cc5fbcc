"""What wandb receives, and that it cannot harm a training, with its own service and with fake servers."""

import gc
import io
import json
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
import wandb
from PIL import Image

from deepfake.loggers import wandb as door
from deepfake.loggers.guard import GuardedLogger
from deepfake.loggers.wandb import (
    WandbRun,
    closing,
    is_wanted,
    log_page,
    log_results,
    max_faces,
    wandb_logger,
    where_to_look,
)
from tests.loggers.offline import exit_codes, labels, logged, places, run_ids


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Remove the user's settings and credentials, and the service of an earlier test."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    door.reset()
    yield
    door.reset()


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)


def start(folder: Path, **options: object) -> GuardedLogger:
    return GuardedLogger(wandb_logger("p", folder, "n", **options))  # type: ignore[arg-type]


def run_of(logger: GuardedLogger) -> wandb.Run:
    assert isinstance(logger.inner, WandbRun)
    return logger.inner.experiment


NUMBERS = pd.DataFrame({"level": ["video"], "metric": ["auc"], "value": [0.5], "low": [float("nan")]})
VIDEOS = pd.DataFrame({"video_id": ["a"], "label": [1], "score": [0.25], "face": [np.zeros((8, 8, 3), np.uint8)]})


def test_it_is_offline_unless_asked_and_says_so(key: None, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logger = start(tmp_path)
    assert run_of(logger).offline and "offline" in caplog.text and "logger.wandb.mode=online" in caplog.text
    line = where_to_look([logger])
    assert line is not None and line.startswith(f"wandb sync {tmp_path}")
    assert max_faces([logger]) == 0
    assert max_faces([start(tmp_path, faces=True, max_faces=3)]) == 3


@pytest.mark.parametrize("silent", [False, True], ids=["refuses", "never answers"])
def test_a_key_and_no_internet_are_found_out_in_seconds(
    silent: bool, key: None, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ANSWER_WITHIN", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        if not silent:
            server.close()
        begun = time.monotonic()
        logger = start(tmp_path, mode="online")
    assert run_of(logger).offline
    assert time.monotonic() - begun < 30
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "does not answer, so the run is offline" in line


def test_online_without_a_key_is_offline_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert run_of(start(tmp_path, mode="online")).offline
    assert "there is no key" in caplog.text


def test_a_server_that_refuses_is_said_once(
    key: None, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = door._init

    def refused(
        project: str, save_dir: str, labels: Mapping[str, Any], mode: door.Mode, run_id: str | None
    ) -> wandb.Run:
        if mode == "online":
            raise wandb.errors.CommError("permission\ndenied")
        return init(project, save_dir, labels, mode, run_id)

    monkeypatch.setattr(door, "_offline_because", lambda: None)
    monkeypatch.setattr(door, "_init", refused)
    assert run_of(start(tmp_path, mode="online")).offline
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "W&B: CommError: permission denied, so the run is offline; `wandb sync` sends it later"
    ]


def test_where_it_cannot_even_be_offline_there_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(
        project: str, save_dir: str, labels: Mapping[str, Any], mode: door.Mode, run_id: str | None
    ) -> wandb.Run:
        if mode != "disabled":
            raise OSError(28, "No space left on device")
        return init(project, save_dir, labels, mode, run_id)

    init = door._init
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door, "_init", broken)
        logger = start(tmp_path)
    with closing([logger]):
        logger.log_metrics({"loss": 1.0}, 1)
    assert where_to_look([logger]) is None
    assert "the run goes on without it" in caplog.text and "No space left" in caplog.text


@pytest.mark.parametrize(
    ("error", "code"), [(None, 0), (ValueError(), 1), (KeyboardInterrupt(), 130), (SystemExit(143), 143)]
)
def test_a_run_is_closed_as_it_ended(error: BaseException | None, code: int, tmp_path: Path) -> None:
    logger = start(tmp_path)
    logger.log_metrics({"loss": 1.0}, 1)
    if error is None:
        with closing([logger]):
            pass
    else:
        with pytest.raises(type(error)), closing([logger]):
            raise error
    assert exit_codes(tmp_path) == [code]


def test_it_gets_pictures_and_numbers_and_faces_only_if_there_are_rows(tmp_path: Path) -> None:
    picture = tmp_path / "roc.png"
    Image.new("RGB", (8, 8)).save(picture)
    logger = start(tmp_path / "plain")
    with closing([logger]):
        log_results([logger], {"test/roc": picture}, VIDEOS.iloc[:0], NUMBERS.iloc[:0])
    sent = {path.name for path in (tmp_path / "plain").rglob("files/**/*") if path.is_file()}
    assert any(name.startswith("roc") for name in sent)
    assert not any("table" in name or "videos" in name for name in sent)
    with_faces = start(tmp_path / "faces", faces=True)
    with closing([with_faces]):
        log_results([with_faces], {}, VIDEOS, NUMBERS)
    tables = {path.name.partition("_")[0] for path in (tmp_path / "faces").rglob("*.table.json")}
    assert tables == {"videos", "numbers"}
    assert not with_faces.failed


def test_it_gets_the_charts_and_tables_of_a_page(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (12, 8)).save(content, "PNG")
    table = ["threshold", "0.5"], [["fakes called fake", "3 of 4"]]
    logger = start(tmp_path, group="a sweep", job_type="train")
    assert is_wanted([logger])
    with closing([logger]):
        log_page([logger], {"test/roc": (content.getvalue(), "the ROC curve")}, {"test/decisions": table})
        log_results([logger], {}, VIDEOS.iloc[:0], NUMBERS.iloc[:0], {"test/video/auc_low": 0.25})
    found = logged(tmp_path)
    picture = found["test/roc"]
    assert (picture["count"], picture["width"], picture["captions"]) == (1, 12, ["the ROC curve"])
    (file,) = tmp_path.rglob("files/media/table/test/decisions*.table.json")
    assert json.loads(file.read_text()) == {**json.loads(file.read_text()), "columns": table[0], "data": table[1]}
    assert found["test/video/auc_low"] == 0.25
    assert places(tmp_path) == ("a sweep", "train") and not logger.failed


def test_nothing_is_wanted_by_a_run_that_is_disabled_or_has_failed(tmp_path: Path) -> None:
    assert not is_wanted([start(tmp_path, mode="disabled")])
    failed = start(tmp_path)
    failed.failed = True
    assert not is_wanted([failed]) and not is_wanted([])


def test_a_run_goes_on_under_its_id(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        logger = start(tmp_path / folder, run_id="0a1b2c3d")
        assert run_of(logger).id == "0a1b2c3d"
        with closing([logger]):
            logger.log_hyperparams({"optimizer": {"lr": 1 if folder == "first" else 2}})
    assert run_ids(tmp_path) == {"0a1b2c3d"}


def test_a_run_has_its_tags_and_notes(tmp_path: Path) -> None:
    with closing([start(tmp_path, tags=["demo", "baseline"], notes="a first try")]):
        pass
    assert labels(tmp_path) == (["demo", "baseline"], "a first try")


def test_its_process_may_be_killed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logger = start(tmp_path)
    logger.log_metrics({"loss": 1.0}, 1)
    services = [p for p in psutil.Process().children(recursive=True) if "wandb" in " ".join(p.cmdline())]
    assert services
    for service in services:
        service.kill()
        service.wait(10)
    begun = time.monotonic()
    with closing([logger]):
        for step in range(100):
            logger.log_metrics({"loss": 1.0}, step)
        log_results([logger], {}, VIDEOS, NUMBERS)
    assert time.monotonic() - begun < 10
    assert len([m for m in caplog.messages if "the run goes on without it" in m]) == 1
    # The next job of a sweep starts a new service.
    again = start(tmp_path / "again")
    with closing([again]):
        again.log_metrics({"loss": 1.0}, 1)
    assert not again.failed and exit_codes(tmp_path / "again") == [0]
    gc.collect()
