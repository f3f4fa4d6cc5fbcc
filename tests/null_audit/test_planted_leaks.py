"""Planted leaks are found in files and stored crops, and where nothing is planted nothing is found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.null_audit import NullFindings, find_shortcuts
from deepfake.schema import Split, Video
from deepfake.store import FaceStore
from tests.null_audit.painted import PLANTED, paint, stored

# What may give each method away; a bitrate is also the size of a file, and coarse coding is smooth.
TOLD_BY = {
    "one_pixel_smaller": {"width", "height"},
    "other_bitrate": {"bitrate", "num_bytes", "laplacian_variance", "block_grid"},
    "other_rate": {"fps", "duration_s", "bitrate"},
    "other_codec": {"codec", "bitrate", "num_bytes", "laplacian_variance", "block_grid"},
    "longer": {"num_frames", "duration_s", "num_bytes", "bitrate"},
    "larger_face": {"crop_side_mean", "crop_side_min", "crop_side_max"},
    "blurred": {"laplacian_variance", "bitrate", "num_bytes", "block_grid"},
    "jpeg": {"laplacian_variance", "block_grid", "bitrate", "num_bytes"},
}


def audited(method: str, videos: list[Video], store: FaceStore) -> NullFindings:
    chosen = [video for video in videos if video.method in ("real", method)]
    tested = [video for video in chosen if video.split is Split.TEST]
    scores = np.random.default_rng(0).random(len(tested))  # a detector that guesses
    clips = pd.DataFrame(
        {
            "video_id": [video.video_id for video in tested],
            "track": 0,
            "start": 0,
            "label": [int(video.label) for video in tested],
            "method": [video.method for video in tested],
            "score": scores,
        }
    )
    return find_shortcuts([video for video in chosen if video.split is Split.TRAIN], tested, clips, store, "largest")


def require_found(method: str, findings: NullFindings) -> None:
    assert findings.auc > 0.95 and findings.models.loc["all", "train_auc"] > 0.95
    assert findings.is_near and findings.p_value < 0.002
    assert findings.features.index[0] in TOLD_BY[method]


@pytest.mark.parametrize("method", ["one_pixel_smaller", "other_bitrate"])
def test_a_planted_leak_is_found_and_named(method: str, videos: list[Video], store: FaceStore) -> None:
    require_found(method, audited(method, videos, store))


def test_nothing_is_found_where_nothing_is_planted(videos: list[Video], store: FaceStore) -> None:
    findings = audited("nothing", videos, store)
    assert findings.num_tested == (7, 7) and findings.num_train == (8, 8)
    assert not findings.above_chance and not findings.is_near


@pytest.mark.slow
def test_every_kind_of_leak_is_found_in_files_or_crops(tmp_path: Path) -> None:
    videos = paint(tmp_path / "videos", PLANTED)
    store = stored(videos, tmp_path / "store")
    assert {*TOLD_BY, "nothing"} == {*PLANTED}
    found = {method: audited(method, videos, store) for method in TOLD_BY}
    for method, findings in found.items():
        require_found(method, findings)
    of_rate, of_face = (found[method].models["auc"] for method in ("other_rate", "larger_face"))
    assert of_rate["files"] > 0.95 and of_rate["crops"] < 0.8
    assert of_face["crops"] > 0.95 and of_face["files"] < of_face["crops"]
