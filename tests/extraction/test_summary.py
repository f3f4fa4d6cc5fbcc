"""What is said of videos that could not be used, or not as a whole."""

import logging

import pandas as pd
import pytest

from deepfake.errors import ExtractionError
from deepfake.extraction.summary import require_some
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
        require_some(rows(a=failed, b=failed), store)
    require_some(rows(a=failed, b=(Status.UNREADABLE, "cut off")), store)
    require_some(rows(), store)
