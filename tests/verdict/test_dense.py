"""Every frame: windows that overlap, scores frame by frame, and cuts, against clips of which all is known."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.special import expit, logit

from deepfake.demo.encode import ClipWriter
from deepfake.verdict import ClipScore, Cut, DetectorScore, FileResult, Predictor, write_results
from deepfake.verdict.frames import means_of_frames
from deepfake.video import probe, read
from tests.verdict.made import FACELESS, PERSON, SCORED
from tests.verdict.marked import mark_detector, predictor
from tests.verdict.scenes import FPS, HEIGHT, WIDTH, Part, shoot, still
from tests.verdict.test_several import together

LENGTHS = 13, 18  # frames of the first shot: the cut lies in a segment of 8, or between two


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of one person in two rooms one after the other, the second room's forged."""
    folder = tmp_path_factory.mktemp("cuts")
    scratch = tmp_path_factory.mktemp("rooms")
    person = [Part(3, still(0.5))]
    first = shoot(scratch / "a.mp4", person, None, length=max(LENGTHS))
    second = shoot(scratch / "b.mp4", person, 3, length=18, room=3)
    a, b = (read(path, range(18)) for path in (first, second))
    for length in LENGTHS:
        with ClipWriter(folder / f"{length}.mp4", (HEIGHT, WIDTH), FPS, quantiser=0) as writer:
            for frame in [*a[:length], *b]:
                writer.write(frame)
    Image.fromarray(a[0]).save(folder / "picture.png")
    return folder


def dense(clip_length: int, hop: int | None) -> Predictor:
    return predictor(
        mark_detector(clip_length), num_segments="all", segment_length=8, num_workers=1, window_hop=hop, detect_every=1
    )


def results(of: Predictor, folder: Path) -> dict[str, FileResult]:
    return {Path(each.path).stem: each for each in of.predict_many(folder)}


@pytest.fixture(scope="module")
def frames(folder: Path) -> dict[str, FileResult]:
    """What a detector of single frames says of every frame."""
    return results(dense(1, None), folder)


def test_cuts_are_at_their_frame_and_every_frame_is_seen(folder: Path, frames: dict[str, FileResult]) -> None:
    for length in LENGTHS:
        result = frames[str(length)]
        times = probe(folder / f"{length}.mp4").times_s
        assert result.cuts == (Cut(length, pytest.approx(times[length] - times[0], abs=5e-4)),)
        assert result.num_sampled == result.num_frames == length + 18
        assert sorted({clip.start_frame for each in result.persons for clip in each.clips}) == [*range(length + 18)]
    assert frames["picture"].cuts == ()


def test_a_cut_in_a_gap_is_not_placed(folder: Path) -> None:
    quick = results(predictor(mark_detector(4), num_segments=2, segment_length=4, num_workers=1), folder)
    assert [quick[str(length)].cuts for length in LENGTHS] == [(), ()]


@pytest.mark.parametrize("hop", [1, pytest.param(2, marks=pytest.mark.slow), 3])
def test_windows_are_those_of_a_plain_loop(hop: int, folder: Path, frames: dict[str, FileResult]) -> None:
    """This detector's logit of a window is the mean of its logits of the frames, which it says by themselves."""
    found = results(dense(4, hop), folder)
    for name in map(str, LENGTHS):
        assert len(found[name].persons) == len(frames[name].persons) > 0
        for ours, single in zip(found[name].persons, frames[name].persons, strict=True):
            of_frame = {clip.start_frame: logit(clip.score) for clip in single.clips}
            expected: dict[int, float] = {}
            num_frames = found[name].num_frames
            count = -(-num_frames // 8)
            bounds = [num_frames * i // count for i in range(count + 1)]
            for begin, stop in pairwise(bounds):
                shown = [frame for frame in range(begin, stop) if frame in of_frame]
                # a face is followed up to a cut, where another run begins
                for run in np.split(shown, np.flatnonzero(np.diff(shown) > 1) + 1):
                    for start in range(int(run[0]), int(run[-1]) - 2, hop) if len(run) else ():
                        expected[start] = expit(np.mean([of_frame[start + i] for i in range(4)]))
            assert {clip.start_frame: clip.score for clip in ours.clips} == pytest.approx(expected, rel=1e-4)
            assert ours.score == pytest.approx(np.mean([clip.score for clip in ours.clips]), rel=1e-12)


def test_the_same_again_gives_the_same(folder: Path, frames: dict[str, FileResult]) -> None:
    assert results(dense(1, None), folder) == frames


def test_the_table_of_frames_is_a_plain_loop_and_has_the_times_of_the_packets(folder: Path, tmp_path: Path) -> None:
    found = results(dense(4, 2), folder)
    write_results(found.values(), tmp_path, {}, dense=True)
    table = pd.read_parquet(tmp_path / "frames.parquet")
    assert found["picture"].score is None  # and no rows
    assert len(table) == sum(found[str(length)].num_frames * len(found[str(length)].persons) for length in LENGTHS)
    for name in map(str, LENGTHS):
        times = np.array(probe(folder / f"{name}.mp4").times_s)
        for person in found[name].persons:
            rows = table[(table["file"] == found[name].path) & (table["person"] == person.person)]
            assert rows["frame"].tolist() == [*range(found[name].num_frames)]
            assert rows["time_s"].to_numpy() == pytest.approx(times - times[0], abs=6e-4)
            assert np.flatnonzero(rows["is_cut"]).tolist() == [int(name)]
            for row in rows.itertuples():
                inside = [clip for clip in person.clips if clip.start_frame <= row.frame <= clip.end_frame]
                assert row.num_windows == len(inside)
                if inside:
                    assert row.score == pytest.approx(np.mean([clip.score for clip in inside]), rel=1e-14)
                    assert (row.x0, row.y0, row.x1, row.y1) == inside[0].box == inside[-1].box
                else:
                    assert np.isnan(row.score) and np.isnan(row.x0)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("clip_length", [1, 4])
@pytest.mark.parametrize("hop", [1, 2, 3])
def test_means_are_those_of_a_loop(hop: int, clip_length: int, stride: int) -> None:
    span, generator = (clip_length - 1) * stride + 1, np.random.default_rng(0)
    first = np.arange(2, 30 - span, hop)
    scores = generator.random(len(first))
    mean, number = means_of_frames(first, first + span - 1, scores, 32)
    for frame in range(32):
        inside = [s for s, begin in zip(scores, first, strict=True) if begin <= frame < begin + span]
        assert number[frame] == len(inside)
        assert mean[frame] == pytest.approx(np.mean(inside), rel=1e-14) if inside else np.isnan(mean[frame])


def test_several_detectors_of_other_lengths_are_combined_frame_by_frame(folder: Path, tmp_path: Path) -> None:
    both = together(frames=mark_detector(1), windows=mark_detector(4))
    both = replace(both, faces=dense(4, 1).faces, window_hop=1)
    write_results(both.predict_many(folder / "13.mp4"), tmp_path, both.identity(), both.names, dense=True)
    table = pd.read_parquet(tmp_path / "frames.parquet")
    own = table[["score_frames", "score_windows"]].to_numpy()
    assert np.isfinite(own).all(1).any() and np.isnan(own).any()  # where a run is shorter than a window
    expected = expit(logit(own).mean(1))  # NaN if one has none
    np.testing.assert_allclose(table["score"], expected, rtol=1e-12)
    assert both.identity()["window_hop"] == 1


def test_where_one_goes_on_over_a_cut_each_frame_has_the_box_of_its_side(tmp_path: Path) -> None:
    left, right = (1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0)  # a window's box is that of its third frame
    clips = tuple(ClipScore(i, i + 3, 0.0, 0.0, 0.5, left if i + 2 < 5 else right) for i in range(7))
    write_results([replace(SCORED, num_frames=10, persons=(replace(PERSON, clips=clips),))], tmp_path, {}, dense=True)
    assert pd.read_parquet(tmp_path / "frames.parquet")["x0"].tolist() == [1.0] * 5 + [5.0] * 5


def test_unknown_cuts_and_what_does_not_count_stay_empty(tmp_path: Path) -> None:
    clip = ClipScore(0, 3, 0.0, 0.16, 0.75, (1.0, 2.0, 3.0, 4.0))
    small = replace(PERSON, person=2, score=None, because="face too small", clips=(clip,))
    result = replace(SCORED, num_frames=6, fps=25.0, persons=(replace(PERSON, clips=(clip,)), small))
    write_results([result, FACELESS], tmp_path, {}, dense=True)
    table = pd.read_parquet(tmp_path / "frames.parquet")
    assert table["person"].tolist() == [1] * 6 and table["is_cut"].isna().all()
    assert table["score"].isna().tolist() == [False] * 4 + [True] * 2
    assert table["time_s"].tolist() == [0.0, 0.04, 0.08, 0.12, 0.16, 0.2]
    write_results([FACELESS], tmp_path, {}, dense=True)
    assert pd.read_parquet(tmp_path / "frames.parquet").empty
    one = (DetectorScore("a", 0.75, None, 1, 1, 0.75), DetectorScore("b", None, "too short", None, 0, None))
    person = replace(
        PERSON, score=None, because="too short", clips=(replace(clip, scores=(0.75, None)),), detectors=one
    )
    identity = {"weights": {"a": 0.5, "b": 0.5}}
    write_results([replace(result, persons=(person,), detectors=one)], tmp_path, identity, ["a", "b"], dense=True)
    table = pd.read_parquet(tmp_path / "frames.parquet")
    assert table["score_a"].tolist()[:4] == [0.75] * 4 and table[["score", "score_b"]].isna().all(axis=None)
