"""Which frames make a clip."""

import pandas as pd
import pytest

from deepfake.data.clips import clip_starts, clip_table, runs, spread
from deepfake.schema import ClipSpec


def spec(length: int, stride: int = 1) -> ClipSpec:
    return ClipSpec(length, stride, 1.3, 64, "square", (0, 0, 0), (1, 1, 1))


def crops(video_id: str, track: int, segments: dict[int, list[int]]) -> pd.DataFrame:
    rows = [(video_id, track, segment, frame) for segment, frames in segments.items() for frame in frames]
    return pd.DataFrame(rows, columns=["video_id", "track", "segment", "frame"])


@pytest.mark.parametrize(("length", "stride"), [(1, 1), (1, 3), (4, 1), (4, 2), (3, 3), (8, 1)])
def test_clips_share_no_frame_and_stay_inside_the_run(length: int, stride: int) -> None:
    run = range(10, 41)
    used = [start + i * stride for start in clip_starts(run, length, stride) for i in range(length)]
    assert len(used) == len(set(used))
    assert set(used) <= set(run)
    assert len(used) > len(run) - length * stride  # little is left over


def test_a_clip_never_jumps_over_a_missing_face() -> None:
    table = clip_table(crops("a", 0, {0: [0, 1, 2, 4, 5, 6, 7]}), spec(4), main_track=True)
    assert table["start"].tolist() == [4]


def test_a_clip_never_joins_two_segments_that_touch() -> None:
    table = clip_table(crops("a", 0, {0: [0, 1, 2], 1: [3, 4, 5]}), spec(2), main_track=True)
    assert table["start"].tolist() == [0, 3]


def test_a_clip_never_joins_two_tracks() -> None:
    both = pd.concat([crops("a", 0, {0: [0, 1]}), crops("a", 1, {0: [2, 3]})])
    assert clip_table(both, spec(4), main_track=False).empty
    assert clip_table(both, spec(2), main_track=False)[["track", "start"]].to_numpy().tolist() == [[0, 0], [1, 2]]


def test_the_main_track_alone() -> None:
    both = pd.concat([crops("a", 0, {0: [0]}), crops("a", 1, {0: [0, 1]})])
    assert clip_table(both, spec(1), main_track=True)["track"].tolist() == [0]


def test_videos_of_one_name_in_different_folders_stay_two() -> None:
    both = pd.concat([crops("Deepfakes/000_003", 0, {0: [0]}), crops("FaceSwap/000_003", 0, {0: [0]})])
    assert clip_table(both, spec(1), main_track=True)["video_id"].tolist() == ["Deepfakes/000_003", "FaceSwap/000_003"]


def test_thinning_is_even_and_the_same_every_time() -> None:
    table = clip_table(crops("a", 0, {0: list(range(32))}), spec(1), main_track=True, at_most=4)
    assert table["start"].tolist() == [4, 12, 20, 28]
    assert spread(5, None).tolist() == [0, 1, 2, 3, 4]


def test_no_frames_no_runs() -> None:
    assert runs([]) == []
