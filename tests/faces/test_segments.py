"""Which frames of a video are examined."""

import pytest

from deepfake.faces.segments import segment_frames


@pytest.mark.parametrize("num_frames", [0, 7, 8, 9, 31, 32, 33, 100, 1001])
def test_segments_are_disjoint_ascending_and_inside(num_frames: int) -> None:
    segments = segment_frames(num_frames, 4, 8)
    frames = [i for segment in segments for i in segment]
    assert frames == sorted(set(frames))
    assert all(0 <= i < num_frames for i in frames)
    assert all(len(segment) == 8 for segment in segments)
    assert len(segments) == min(4, num_frames // 8)


def test_they_are_spread_over_the_whole_video_not_its_beginning() -> None:
    middles = [segment[4] for segment in segment_frames(1000, 4, 8)]
    assert middles == [125, 375, 625, 875]


@pytest.mark.parametrize("num_frames", [1, 7, 8, 15, 16, 17, 31, 33, 100, 1001])
def test_all_segments_hold_every_frame_once_and_room_for_a_clip(num_frames: int) -> None:
    segments = segment_frames(num_frames, "all", 16)
    assert [i for segment in segments for i in segment] == [*range(num_frames)]
    assert max(map(len, segments)) <= 16 and min(map(len, segments)) >= min(8, num_frames)
