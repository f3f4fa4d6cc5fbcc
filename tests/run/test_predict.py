"""Unseen files in, a score and a verdict each out."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from deepfake.corpora.input_files import input_files
from deepfake.errors import ConfigError, ExtractionError
from deepfake.run.predict import warn_unlike_test
from deepfake.schema import Status
from deepfake.scoring import ScoringRule
from deepfake.verdict.score_files import COLUMNS
from deepfake.verdict.table import require_readable
from tests.conftest import TINY, Run


def predictions(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "predictions.csv")
    assert list(table.columns) == COLUMNS
    return table.assign(name=[Path(path).name for path in table["path"]]).set_index("name")


def test_a_folder_with_odd_files_in_it(
    model: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clips = tmp_path / "clips"
    (clips / "deep").mkdir(parents=True)
    for source, name in (("real/p04_a", "a.mp4"), ("extra/no_face", "deep/b.MP4"), ("extra/two_people", "c.mp4")):
        (clips / name).write_bytes((demo_root / f"{source}.mp4").read_bytes())
    (clips / "text.mp4").write_text("no video")
    (clips / "notes.txt").write_text("ignored")
    common = [f"checkpoint={model}", f"input={clips}", "loader.num_workers=0", "extract.num_workers=1"]
    assert script("predict", *common, "output=out") == 0
    table = predictions(tmp_path / "out")
    assert table["status"].to_dict() == {"a.mp4": "ok", "b.MP4": "no_face", "c.mp4": "ok", "text.mp4": "unreadable"}
    scored = table[table["status"] == "ok"]
    assert scored["score"].between(0, 1).all()
    assert ((scored["score"] > 0.5) == (scored["verdict"] == "fake")).all()
    assert table.loc[table["status"] != "ok", ["score", "verdict"]].isna().all(axis=None)
    assert table.loc["a.mp4", ["num_faces", "num_clips"]].tolist() == [1, 2]  # as in the training run's test
    assert table.loc["c.mp4", ["num_faces", "num_clips"]].tolist() == [2, 2]
    assert "1 of 4 files show several faces; the largest is scored, tracks=all scores all" in capfd.readouterr().out
    assert table["num_sampled"].to_dict() == {"a.mp4": 16, "b.MP4": 16, "c.mp4": 16, "text.mp4": 0}
    assert (table["num_frames"] >= table["num_sampled"]).all() and table.at["a.mp4", "num_frames"] in (18, 19, 20)
    assert table["duration_s"].tolist() == pytest.approx((table["num_frames"] / 25).tolist(), abs=1e-3)
    assert table["reason"].isna().to_dict() == {"a.mp4": True, "b.MP4": False, "c.mp4": True, "text.mp4": False}
    assert script("predict", *common, "output=again") == 0
    pd.testing.assert_frame_equal(table, predictions(tmp_path / "again"))
    assert script("predict", *common, "tracks=all", "sampling.eval_clips_per_track=null", "output=all") == 0
    assert predictions(tmp_path / "all")["num_clips"].to_dict() == {"a.mp4": 16, "b.MP4": 0, "c.mp4": 32, "text.mp4": 0}


def test_a_files_score_is_the_one_that_the_test_gave_it(
    model: Path, demo_root: Path, script: Run, tmp_path: Path
) -> None:
    """Training, testing and predicting see the same pixels, and one face's score is the mean of its clips."""
    assert (
        script("train", *TINY, "trainer.max_epochs=1", "hydra.run.dir=trained", "sampling.eval_clips_per_track=null")
        == 0
    )
    clips = pd.read_csv(tmp_path / "trained" / "predictions.csv")
    expected = clips.loc[clips["video_id"] == "real/p04_a", "score"].mean()
    arguments = ["sampling.eval_clips_per_track=null", "loader.num_workers=0", "extract.num_workers=1", "output=out"]
    best = tmp_path / "trained" / "checkpoints" / "best.ckpt"
    assert script("predict", f"checkpoint={best}", f"input={demo_root / 'real' / 'p04_a.mp4'}", *arguments) == 0
    assert predictions(tmp_path / "out")["score"].tolist() == pytest.approx([expected], rel=1e-14)


def test_files_that_failed_through_no_fault_of_their_own_are_no_success() -> None:
    def table(*statuses: Status) -> pd.DataFrame:
        return pd.DataFrame({"status": statuses, "reason": ["RuntimeError: out of memory" for _ in statuses]})

    with pytest.raises(ExtractionError, match="none of the 2 files .*; 1 failed .*out of memory.*extract.num_workers"):
        require_readable(table(Status.UNREADABLE, Status.FAILED), "clips")
    with pytest.raises(ConfigError, match="is a readable video"):
        require_readable(table(Status.UNREADABLE), "clips")
    require_readable(table(Status.FAILED, Status.NO_FACE), "clips")


@pytest.mark.parametrize(
    ("rule", "reuse_boxes", "words"),
    [
        (ScoringRule(main_face="changed"), False, ["data.main_face is changed in the checkpoint"]),
        (ScoringRule(main_face="changed", tracks="all"), False, []),  # no face is chosen
        (ScoringRule(), True, ["faces.reuse_boxes has no effect here"]),
        (ScoringRule(), False, []),
    ],
)
def test_what_needs_a_real_is_said_not_to_be_done(
    rule: ScoringRule, reuse_boxes: bool, words: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    warn_unlike_test(rule, {"reuse_boxes": reuse_boxes})
    messages = [record.message for record in caplog.records]
    assert len(messages) == len(words) and all(map(str.startswith, messages, words))


def test_ids_of_files_keep_their_suffix_so_that_no_two_share_one(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.avi", "b/a.MP4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list(input_files(tmp_path)) == ["a.avi", "a.mp4", "b/a.MP4"]


@pytest.mark.parametrize(
    "case",
    ["no checkpoint", "no input", "foreign checkpoint", "text checkpoint", "empty folder", "text file", "no output"],
)
def test_a_mistake_is_one_clear_line(
    case: str, model: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    foreign, text, empty, video = (tmp_path / name for name in ("foreign.ckpt", "text.ckpt", "empty", "text.mp4"))
    torch.save({"state_dict": {}}, foreign)
    text.write_text("hello")
    empty.mkdir()
    video.write_text("hello")
    arguments, words = {
        "no checkpoint": ([f"checkpoint={tmp_path}/none.ckpt", f"input={video}"], ["none.ckpt", "does not exist"]),
        "no input": ([f"checkpoint={model}", f"input={tmp_path}/none"], ["none", "give a video file or a folder"]),
        "foreign checkpoint": (
            [f"checkpoint={foreign}", f"input={video}"],
            ["foreign.ckpt", "not a checkpoint of this project"],
        ),
        "text checkpoint": ([f"checkpoint={text}", f"input={video}"], ["text.ckpt", "cannot be read safely"]),
        "empty folder": ([f"checkpoint={model}", f"input={empty}"], ["empty", "holds no video"]),
        "text file": ([f"checkpoint={model}", f"input={video}"], ["text.mp4", "is a readable video"]),
        "no output": (
            [f"checkpoint={model}", f"input={video}", f"output={text}/out"],
            ["text.ckpt/out: Not a directory; choose another path"],
        ),
    }[case]
    assert script("predict", *arguments, "extract.num_workers=1") == 1
    error = capfd.readouterr().err
    line = error.strip().splitlines()[-1]  # before it, at most the progress of the extraction
    assert line.startswith("error: ") and all(word in line for word in words)
    assert "Traceback" not in error


def test_what_must_be_given_is_named(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("predict") == 1
    assert "error: checkpoint is not set and has no default: add checkpoint=VALUE" in capfd.readouterr().err
