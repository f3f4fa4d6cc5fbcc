"""Every frame in predict.py and in Python, as a person asks for it."""

from pathlib import Path

import pandas as pd
import pytest

from deepfake import load_predictor
from deepfake.errors import ConfigError
from tests.checkpoints.test_several import saved
from tests.conftest import Run
from tests.verdict.scenes import with_two_people

COMMON = ["checkpoint=windows.ckpt", "extract.num_workers=1", "input=clips", "output=out"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector of windows, one of frames, and a clip of two people."""
    folder = tmp_path_factory.mktemp("made")
    saved(folder / "windows.ckpt", "model=meso4_lstm", "model.size=64", "representation.clip_length=4")
    saved(folder / "frames.ckpt", "model=meso4", "model.size=64")
    return with_two_people(folder)


def test_a_timeline_at_the_videos_rate(files: Path, script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("predict", *COMMON, "dense=true", "annotate=true") == 0
    assert "frames" in capfd.readouterr().out
    timeline, frames = (pd.read_parquet(files / "out" / f"{name}.parquet") for name in ("timeline", "frames"))
    # 16 frames are two segments of 8, in each of which 5 windows of 4 begin
    assert timeline["start_frame"].tolist() == [*range(5), *range(8, 13)] * 2
    assert (timeline["end_frame"] - timeline["start_frame"]).eq(3).all()
    assert frames["person"].tolist() == [1] * 16 + [2] * 16 and frames["score"].notna().all()
    assert frames["num_windows"].tolist() == [1, 2, 3, 4, 4, 3, 2, 1] * 4
    assert frames["time_s"].tolist() == [round(i / 25, 3) for i in range(16)] * 2 and not frames["is_cut"].any()
    table = pd.read_csv(files / "out" / "predictions.csv")
    assert table[["num_sampled", "num_frames", "num_clips"]].to_numpy().tolist() == [[16, 16, 20]]
    page = (files / "out" / "report.html").read_text()
    assert "score of a frame, the mean of the windows around it" in page and "No cut was seen." in page

    before = {path.name: path.read_bytes() for path in (files / "out").iterdir() if path.is_file()}
    assert script("predict", *COMMON, "dense=true") == 0
    assert {path.name: path.read_bytes() for path in (files / "out").iterdir() if path.is_file()} == before
    whole = load_predictor("windows.ckpt", device="cpu", dense=True).predict("clips/two.mp4")
    assert [each.score for each in whole.persons] == pd.read_csv(files / "out" / "faces.csv")["score"].tolist()

    capfd.readouterr()
    assert script("predict", *COMMON, "dense=true", "window_hop=2") == 1
    assert "(window_hop is 2, there 1): give another output=, or overwrite=true" in capfd.readouterr().err
    assert script("predict", *COMMON) == 1
    assert "num_segments is 4, there all" in capfd.readouterr().err
    assert script("predict", *COMMON, "dense=true", "window_hop=3", "overwrite=true") == 0
    assert pd.read_parquet(files / "out" / "timeline.parquet")["start_frame"].tolist() == [0, 3, 8, 11] * 2
    assert script("predict", *COMMON, "overwrite=true") == 0
    assert not (files / "out" / "frames.parquet").exists()  # it would be of other scores


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["window_hop=2"], "window_hop=2 does nothing without dense=true: leave it out, or add dense=true"),
        (["dense=true", "window_hop=0"], "window_hop is 0: give a whole number, 1 or more, or null"),
        (["dense=true", "window_hop=5"], "window_hop is 5, and the windows of windows have 4 frames: give 1 to 4"),
        (["dense=true", "window_hop=2", "checkpoint=frames.ckpt"], "window_hop=2 is of windows, and every frame is"),
    ],
)
def test_a_distance_that_does_nothing_or_too_much_is_refused(
    given: list[str], words: str, files: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("predict", *COMMON, *given) == 1
    error = capfd.readouterr().err
    assert words in " ".join(error.split()) and "Traceback" not in error
    assert not (files / "out" / "predictions.jsonl").exists()


def test_a_distance_in_python(files: Path) -> None:
    path = files / "windows.ckpt"
    quick = load_predictor(path, device="cpu")
    assert quick.window_hop is None and "window_hop" not in quick.identity()  # what was begun before goes on
    assert load_predictor(path, device="cpu", dense=True).window_hop == 1
    assert load_predictor(path, device="cpu", dense=True, window_hop=4).window_hop == 4
    assert load_predictor(files / "frames.ckpt", device="cpu", dense=True).window_hop is None
    both = load_predictor([path, files / "frames.ckpt"], device="cpu", dense=True)
    assert both.window_hop == 1 and both.faces["num_segments"] == "all" and both.faces["segment_length"] == 8
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ConfigError, match="window_hop is .*: give a whole number, 1 or more"):
            load_predictor(path, device="cpu", dense=True, window_hop=wrong)  # type: ignore[arg-type]
