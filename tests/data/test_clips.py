"""The frames that make up a clip agree with the same rules written video by video."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from deepfake.data.clips import Clips, find_clips, is_clip_start, run_bounds, spread
from deepfake.schema import ClipSpec


def spec(length: int, stride: int = 1) -> ClipSpec:
    return ClipSpec(length, stride, 1.3, 64, "square", (0, 0, 0), (1, 1, 1))


def crops(video_id: str, track: int, segments: dict[int, list[int]]) -> pd.DataFrame:
    rows = [(video_id, track, segment, frame) for segment, frames in segments.items() for frame in frames]
    return pd.DataFrame(rows, columns=["video_id", "track", "segment", "frame"])


def clips_of(
    table: pd.DataFrame,
    spec: ClipSpec,
    *,
    main_track: bool,
    main_of: dict[str, int] | None = None,
    at_most: int | None = None,
    hop: int | None = None,
) -> Clips:
    """Return the table as the store does: sorted, with numbers for the videos."""
    video_ids = sorted(table["video_id"].unique())
    table = table.assign(video=table["video_id"].map({name: i for i, name in enumerate(video_ids)}))
    table = table.sort_values(["video", "track", "segment", "frame"])
    columns = {name: table[name].to_numpy() for name in ("track", "segment", "frame")}
    return find_clips(
        table["video"].to_numpy(np.int32),
        columns,
        spec,
        video_ids=video_ids,
        labels=np.arange(len(video_ids)) % 2,
        methods=[f"method of {name}" for name in video_ids],
        only_track=np.array([(main_of or {}).get(name, 0) for name in video_ids]) if main_track else None,
        at_most=at_most,
        hop=hop,
    )


def reference_spread(count: int, at_most: int | None) -> list[int]:
    if at_most is None or count <= at_most:
        return list(range(count))
    return [(2 * i + 1) * count // (2 * at_most) for i in range(at_most)]


def reference_starts(run: Sequence[int], length: int, stride: int) -> list[int]:
    reach = (length - 1) * stride + 1
    return [
        block + phase
        for block in range(run[0], run[-1] + 1, length * stride)
        for phase in range(stride)
        if block + phase + reach <= run[-1] + 1
    ]


def reference(
    table: pd.DataFrame, spec: ClipSpec, *, main_track: bool, main_of: dict[str, int], at_most: int | None
) -> list[tuple[str, int, int]]:
    """Apply the rules of a clip to one video and track after the other."""
    found = []
    for (video_id, track), faces in table.groupby(["video_id", "track"], sort=True):
        if main_track and track != main_of.get(video_id, 0):
            continue
        starts: list[int] = []
        for _, inside in faces.groupby("segment", sort=True):
            frames = sorted(inside["frame"])
            run = frames[:1]
            for frame in [*frames[1:], None]:
                if frame != run[-1] + 1:
                    starts += reference_starts(run, spec.clip_length, spec.frame_stride)
                    run = []
                run = [*run, frame]  # type: ignore[list-item]  # the None that ends the last run
        found += [(video_id, track, starts[i]) for i in reference_spread(len(starts), at_most)]
    return found


def random_table(generator: np.random.Generator) -> pd.DataFrame:
    parts = []
    for i in generator.permutation(generator.integers(1, 6)):
        for track in range(generator.integers(1, 4)):
            for segment in range(generator.integers(1, 4)):
                length = int(generator.integers(1, 40))
                kept = np.flatnonzero(generator.random(length) < generator.choice([0.7, 0.95, 1.0]))
                start = 40 * segment if generator.random() < 0.5 else 100 * segment  # some segments touch
                parts.append(crops(f"video {i}", track, {segment: (start + kept).tolist()}))
    table = pd.concat(parts)
    return table.sample(frac=1, random_state=int(generator.integers(2**31)))


@pytest.mark.parametrize("seed", range(60))
def test_clips_are_those_of_the_rules_applied_one_by_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = random_table(generator)
    if table.empty:
        return
    asked = spec(int(generator.integers(1, 9)), int(generator.integers(1, 4)))
    main_of = {name: int(generator.integers(0, 3)) for name in table["video_id"].unique() if generator.random() < 0.5}
    at_most = [None, 1, 2, 3, 16][generator.integers(5)]
    main_track = bool(generator.integers(2))
    ours = clips_of(table, asked, main_track=main_track, main_of=main_of, at_most=at_most)
    expected = reference(table, asked, main_track=main_track, main_of=main_of, at_most=at_most)
    columns = ours.frame()[["video_id", "track", "start"]]
    assert list(columns.itertuples(index=False, name=None)) == expected

    rows = table.sort_values(["video_id", "track", "segment", "frame"]).reset_index(drop=True)
    for clip, first in zip(columns.itertuples(), ours.row.tolist(), strict=True):
        reached = rows.iloc[first + np.arange(asked.clip_length) * asked.frame_stride]
        wanted = clip.start + np.arange(asked.clip_length) * asked.frame_stride
        assert (reached["frame"].to_numpy() == wanted).all()
        assert reached["segment"].nunique() == 1
        assert set(reached["video_id"]) == {clip.video_id} and set(reached["track"]) == {clip.track}


def test_thinning_keeps_what_it_keeps_of_one_group() -> None:
    for at_most in (1, 2, 3, 7, 16):
        sizes = np.arange(50)
        ends = np.cumsum(sizes)
        expected = [
            end - size + i for size, end in zip(sizes, ends, strict=True) for i in reference_spread(size, at_most)
        ]
        assert spread(sizes, at_most).tolist() == expected


@pytest.mark.parametrize(("length", "stride"), [(1, 1), (1, 3), (4, 1), (4, 2), (3, 3), (8, 1)])
def test_clips_share_no_frame_and_stay_inside_the_run(length: int, stride: int) -> None:
    starts = np.flatnonzero(is_clip_start(np.array([0, 31]), length, stride))
    used = [start + i * stride for start in starts for i in range(length)]
    assert len(used) == len(set(used))
    assert set(used) <= set(range(31))
    assert len(used) > 31 - length * stride  # little is left over


@pytest.mark.parametrize("hop", [1, 2, 3])
@pytest.mark.parametrize(("length", "stride"), [(1, 1), (4, 1), (1, 2), (4, 2)])
def test_windows_begin_at_every_so_many_frames_of_a_run(hop: int, length: int, stride: int) -> None:
    runs = {0: [*range(12), *range(20, 24)], 1: [*range(24, 40)], 2: [50, 51]}
    found = clips_of(crops("a", 0, runs), spec(length, stride), main_track=True, hop=hop)
    whole = [range(12), range(20, 24), range(24, 40), range(50, 52)]
    last = [run.stop - ((length - 1) * stride + 1) for run in whole]
    expected = [frame for run, end in zip(whole, last, strict=True) for frame in run[::hop] if frame <= end]
    assert found.start.tolist() == expected


def test_a_clip_never_jumps_over_a_missing_face() -> None:
    clips = clips_of(crops("a", 0, {0: [0, 1, 2, 4, 5, 6, 7]}), spec(4), main_track=True)
    assert clips.start.tolist() == [4]


def test_a_clip_never_joins_two_segments_that_touch() -> None:
    clips = clips_of(crops("a", 0, {0: [0, 1, 2], 1: [3, 4, 5]}), spec(2), main_track=True)
    assert clips.start.tolist() == [0, 3]


def test_a_clip_never_joins_two_tracks() -> None:
    both = pd.concat([crops("a", 0, {0: [0, 1]}), crops("a", 1, {0: [2, 3]})])
    assert len(clips_of(both, spec(4), main_track=False)) == 0
    found = clips_of(both, spec(2), main_track=False).frame()
    assert found[["track", "start"]].to_numpy().tolist() == [[0, 0], [1, 2]]


def test_the_main_track_alone() -> None:
    both = pd.concat([crops("a", 0, {0: [0]}), crops("a", 1, {0: [0, 1]})])
    assert clips_of(both, spec(1), main_track=True).track.tolist() == [0]
    assert clips_of(both, spec(1), main_track=True, main_of={"a": 1}).track.tolist() == [1, 1]


def test_videos_of_one_name_in_different_folders_stay_two() -> None:
    both = pd.concat([crops("Deepfakes/000_003", 0, {0: [0]}), crops("FaceSwap/000_003", 0, {0: [0]})])
    found = clips_of(both, spec(1), main_track=True)
    assert found.frame()["video_id"].tolist() == ["Deepfakes/000_003", "FaceSwap/000_003"]
    assert found.counts().tolist() == [1, 1]


def test_thinning_is_even_and_the_same_every_time() -> None:
    clips = clips_of(crops("a", 0, {0: list(range(32))}), spec(1), main_track=True, at_most=4)
    assert clips.start.tolist() == [4, 12, 20, 28]


def test_no_crops_no_clips() -> None:
    nothing = np.zeros(0, np.int64)
    assert run_bounds(nothing, nothing, nothing, nothing).tolist() == [0]
    columns = {"track": nothing, "segment": nothing, "frame": nothing}
    for at_most in (None, 4):
        clips = find_clips(
            nothing, columns, spec(4), video_ids=["a"], labels=np.zeros(1), methods=["real"], at_most=at_most
        )
        assert len(clips) == 0 and clips.counts().tolist() == [0] and clips.frame().empty


def test_a_table_of_clips_says_whose_they_are() -> None:
    both = pd.concat([crops("a", 0, {0: [5]}), crops("b", 0, {0: [7, 8]})])
    clips = clips_of(both, spec(1), main_track=True)
    table = clips.frame(np.array([2, 0]))
    assert table.to_dict("list") == {
        "video_id": ["b", "a"],
        "track": [0, 0],
        "start": [8, 5],
        "label": [1, 0],
        "method": ["method of b", "method of a"],
    }
    assert table.to_csv(index=False).splitlines()[1] == "b,0,8,1,method of b"
