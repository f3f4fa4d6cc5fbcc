"""Unseen files in, a score and a verdict each out."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from PIL import Image

from deepfake.extraction import ExtractOptions
from deepfake.run.predict import warn_unlike_test
from deepfake.scoring import ScoringRule
from deepfake.verdict import Journal, load_predictor
from deepfake.verdict.tables import COLUMNS
from deepfake.video.door import read
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
    assert script("predict", *common, "tracks=checkpoint", "output=out") == 3  # one is no video
    table = predictions(tmp_path / "out")
    assert table["status"].to_dict() == {"a.mp4": "ok", "b.MP4": "no_face", "c.mp4": "ok", "text.mp4": "unreadable"}
    scored = table[table["status"] == "ok"]
    assert scored["score"].between(0, 1).all()
    assert ((scored["score"] > 0.5) == (scored["verdict"] == "fake")).all()
    assert table.loc[table["status"] != "ok", "score"].isna().all()
    assert table.loc[table["status"] != "ok", "verdict"].eq("inconclusive").all()
    assert table["because"].dropna().to_dict() == {"b.MP4": "no face", "text.mp4": "unreadable"}
    assert table.loc["a.mp4", ["num_faces", "num_clips"]].tolist() == [1, 2]  # as in the training run's test
    assert table.loc["c.mp4", ["num_faces", "num_clips"]].tolist() == [2, 2]
    assert "text.mp4: unreadable" in capfd.readouterr().out
    assert table["num_sampled"].to_dict() == {"a.mp4": 16, "b.MP4": 16, "c.mp4": 16, "text.mp4": 0}
    assert (table["num_frames"] >= table["num_sampled"]).all() and table.at["a.mp4", "num_frames"] in (18, 19, 20)
    assert table["duration_s"].tolist() == pytest.approx((table["num_frames"] / 25).tolist(), abs=1e-3)
    assert table["reason"].isna().to_dict() == {"a.mp4": True, "b.MP4": False, "c.mp4": True, "text.mp4": False}
    assert script("predict", *common, "sampling.eval_clips_per_track=null", "output=all") == 3
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


def test_a_run_that_is_stopped_goes_on_and_ends_as_one_that_was_not(
    model: Path,
    demo_root: Path,
    script: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Also the same in another folder, with another number of workers, and for one of the files alone."""
    clips = tmp_path / "clips"
    clips.mkdir()
    sources = ["real/p04_a", "extra/two_people", "extra/no_face", "extra/truncated"]
    for source in sources:
        (clips / f"{Path(source).name}.mp4").write_bytes((demo_root / f"{source}.mp4").read_bytes())
    save_picture(demo_root / "real" / "p04_a.mp4", clips / "photo.png")
    common = [f"checkpoint={model}", "input=clips", "extract.num_workers=1"]
    assert script("predict", *common, "output=whole") == 3
    assert "1 of 5 files could not be read" in capfd.readouterr().err
    append, lines = Journal.append, []

    def cut_off(self: Journal, *given: Any, again: bool) -> None:
        if len(lines) == 2:
            raise KeyboardInterrupt
        append(self, *given, again=again)
        lines.append(given)

    monkeypatch.setattr(Journal, "append", cut_off)
    assert script("predict", *common, "output=out") == 130
    assert "every result so far is kept: the same command with output=out goes on" in capfd.readouterr().err
    assert not (tmp_path / "out" / "predictions.csv").exists()
    monkeypatch.setattr(Journal, "append", append)
    assert script("predict", *common, "output=out") == 3
    assert "2 of 5 files have their results" in capfd.readouterr().out
    for name in ("predictions.csv", "faces.csv", "predictions.json", "timeline.parquet", "report.html"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list((tmp_path / "whole").rglob("*.zip"))  # no crop is left
    faces = pd.read_csv(tmp_path / "whole" / "faces.csv")
    assert faces["person"].tolist() == [1, 1, 1, 2] and faces["score"].notna().all()
    assert faces["file"].iloc[0].endswith("p04_a.mp4") and faces["file"].iloc[1].endswith("photo.png")

    timeline = pd.read_parquet(tmp_path / "whole" / "timeline.parquet")
    means = timeline.groupby(["file", "person"])["score"].mean().to_numpy()
    assert means == pytest.approx(faces.sort_values(["file", "person"])["score"].to_numpy(), abs=1e-12)

    assert "On the test split of demo, " in (tmp_path / "whole" / "report.html").read_text()
    assert "its AUC is" in (tmp_path / "whole" / "report.html").read_text()

    assert script("predict", *common[::2], "input=clips/photo.png", "output=out") == 0
    assert "tables and page also hold 4 files that input= does not name" in capfd.readouterr().out
    assert sorted(predictions(tmp_path / "out").index) == sorted(predictions(tmp_path / "whole").index)
    assert "truncated.mp4" in (tmp_path / "out" / "report.html").read_text()

    assert script("predict", *common, "output=out", "tracks=main") == 1
    assert "tracks is main, there all): give another output=, or overwrite=true" in capfd.readouterr().err
    (tmp_path / "elsewhere.mp4").write_bytes((clips / "two_people.mp4").read_bytes())
    assert script("predict", common[0], "input=elsewhere.mp4", "extract.num_workers=2", "output=one") == 0
    table = predictions(tmp_path / "whole")
    assert predictions(tmp_path / "one")["score"].tolist() == [table.at["two_people.mp4", "score"]]
    alone = load_predictor(model, device="cpu", extract=ExtractOptions(num_workers=1)).predict(clips / "photo.png")
    assert alone.score == table.at["photo.png", "score"] and alone.persons[0].box_frame == 0


def test_every_frame_with_maps_and_copies(model: Path, demo_root: Path, script: Run, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.mp4").write_bytes((demo_root / "extra" / "two_people.mp4").read_bytes())
    common = [
        f"checkpoint={model}",
        "input=clips",
        "extract.num_workers=1",
        "dense=true",
        "explain=true",
        "annotate=true",
    ]
    assert script("predict", *common, "output=clips/out") == 0
    table = predictions(tmp_path / "clips" / "out")
    sampled, frames = table.loc["a.mp4", ["num_sampled", "num_frames"]]
    assert sampled == frames and table.at["a.mp4", "num_clips"] == 2 * frames
    assert len(pd.read_parquet(tmp_path / "clips" / "out" / "frames.parquet")) == 2 * frames
    (found,) = json.loads((tmp_path / "clips" / "out" / "predictions.json").read_text())["files"]
    persons = sorted(found["persons"], key=lambda person: -person["score"])
    expected = [(person["person"], most) for person in persons for most in (True, False)]
    assert [(each["person"], each["most"]) for each in found["explanations"]] == expected
    for each, (number, _) in zip(found["explanations"], expected, strict=True):
        clips = found["persons"][number - 1]["clips"]
        assert each["score"] == (max if each["most"] else min)(clip["score"] for clip in clips)
    page = (tmp_path / "clips" / "out" / "report.html").read_text()
    assert page.count("data:image/webp") == 10 and "The check" in page
    (copy,) = (tmp_path / "clips" / "out" / "annotated").iterdir()
    times = copy.stat().st_mtime_ns
    assert script("predict", *common, "output=clips/out") == 0  # the copy is neither made again nor scored
    assert copy.stat().st_mtime_ns == times and len(predictions(tmp_path / "clips" / "out")) == 1
    assert script("predict", *common, "output=o", "faces.num_segments=3") == 1


def save_picture(video: Path, image: Path) -> None:
    Image.fromarray(read(video, [0])[0]).save(image)


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


@pytest.mark.parametrize(
    "case",
    ["no checkpoint", "no input", "foreign checkpoint", "text checkpoint", "empty folder", "no output"],
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
