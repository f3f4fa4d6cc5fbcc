"""What is said of videos that could not be used, or not as a whole."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from deepfake.errors import ExtractionError
from deepfake.extraction.summary import Extraction, require_not_all_failed, summarise
from deepfake.report.reasons import log_reasons
from deepfake.schema import Status
from deepfake.store import FaceStore


def rows(**outcomes: tuple[Status, str]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(outcomes, orient="index", columns=["status", "reason"]).assign(remarks="")


def test_the_first_reasons_are_told_and_the_others_counted(caplog: pytest.LogCaptureFixture) -> None:
    many = {f"v{i}": (Status.NO_FACE, "no face in 8 frames") for i in range(6)}
    with caplog.at_level(logging.INFO):
        log_reasons(rows(fine=(Status.OK, ""), **many, bad=(Status.FAILED, "OSError: full")), "videos.csv")
    assert caplog.messages[:2] == ["bad: failed (OSError: full)", "v0: no_face (no face in 8 frames)"]
    assert len(caplog.messages) == 6
    assert caplog.messages[-1] == "and 2 more: see the column reason of videos.csv"


def test_a_part_that_is_lost_is_told_of_a_video_that_is_used(caplog: pytest.LogCaptureFixture) -> None:
    log_reasons(rows(part=(Status.OK, "1 of 2 segments cannot be decoded")), "predictions.csv")
    assert caplog.messages == ["part: ok (1 of 2 segments cannot be decoded)"]


def test_a_run_in_which_every_video_failed_does_not_look_like_success(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = FaceStore(tmp_path_factory.mktemp("faces"), {"image_format": "png"})
    failed = (Status.FAILED, "RuntimeError: CUDA out of memory")
    with pytest.raises(ExtractionError, match="all 2 videos of .* failed, .*out of memory.*extract.num_workers=1"):
        require_not_all_failed(rows(a=failed, b=failed), store)
    require_not_all_failed(rows(a=failed, b=(Status.UNREADABLE, "cut off")), store)
    require_not_all_failed(rows(), store)


def test_the_summary_fits_and_breaks_no_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    store = FaceStore(tmp_path / "faces", {"image_format": "png"})
    numbers = {"num_faces": 1, "num_sampled": 64, "num_frames": 300, "num_detected": 9, "boxes": "", "reader": ""}
    videos = rows(a=(Status.OK, ""), b=(Status.OK, ""), c=(Status.NO_FACE, "")).assign(**numbers)
    summarise(store, videos, Extraction(2, 128, 4.0))
    assert capsys.readouterr().out.splitlines() == [
        "faces in faces",
        "  videos         3: 2 ok, 1 no face",
        "  extracted now  2",
        "  faces          3",
        "  frames         192 of 900 looked at; the finder was shown 27 of these",
        "  speed          32 frames/s",
    ]
