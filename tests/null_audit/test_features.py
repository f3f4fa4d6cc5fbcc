"""The features of files and crops against what was painted, FFmpeg's numbers and the stored pixels."""

import logging
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from deepfake.errors import StoreError
from deepfake.null_audit import null_features
from deepfake.null_audit.features import FEATURES, OF_CROPS
from deepfake.schema import Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from deepfake.texture import block_grid, grey, laplacian_variance
from tests.fakes import frames_with, no_face, two_faces, write_video
from tests.null_audit.painted import RECIPE, stored


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Video], FaceStore]:
    """Two faces, nobody, no video at all, and a container that tells no bitrate."""
    root = tmp_path_factory.mktemp("odd")
    write_video(root / "two.mp4", frames_with(two_faces, 12))
    write_video(root / "nobody.mp4", frames_with(no_face, 12))
    write_video(root / "two.mkv", frames_with(two_faces, 12), codec="libvpx", options={"deadline": "realtime"})
    (root / "text.mp4").write_text("no video\n")
    names = ("two.mp4", "nobody.mp4", "text.mp4", "two.mkv")
    videos = [Video(name.replace(".", "_"), root / name, Label.REAL, Split.TRAIN) for name in names]
    return videos, stored(videos, root / "store")


def test_the_facts_of_a_file_are_ffmpegs(videos: list[Video], store: FaceStore) -> None:
    chosen = videos[::7]
    table = null_features(chosen, store, "largest")
    assert list(table.columns) == list(FEATURES) and table.index.tolist() == [video.video_id for video in chosen]
    for video, row in zip(chosen, table.itertuples(), strict=True):
        with av.open(str(video.path)) as container:
            stream = container.streams.video[0]
            frames = sum(1 for _ in container.decode(stream))
            assert (row.width, row.height, row.fps, row.codec) == (stream.width, stream.height, 25, "h264")
            assert (row.num_frames, row.num_bytes) == (frames, video.path.stat().st_size)
            assert row.duration_s == pytest.approx(float(stream.duration * stream.time_base))
            of_packets = sum(packet.size for packet in av.open(str(video.path)).demux(video=0)) * 8 / row.duration_s
            assert row.bitrate == stream.bit_rate == pytest.approx(of_packets, rel=0.02)


def test_the_facts_of_the_crops_are_those_of_the_stored_pixels(videos: list[Video], store: FaceStore) -> None:
    chosen = videos[:3]
    table = null_features(chosen, store, "largest")
    for video in chosen:
        crops = store.crops([video.video_id])
        images = [store.image(video.video_id, 0, frame) for frame in crops["frame"]]
        assert 1 < len(images) <= 8
        row = table.loc[video.video_id]
        assert row["crop_side_mean"] == pytest.approx(np.mean([len(image) for image in images]))
        assert (row["crop_side_min"], row["crop_side_max"]) == (crops["size"].min(), crops["size"].max())
        assert row["finder_score"] == 1
        lumas = [grey(image) for image in images]
        assert row["laplacian_variance"] == pytest.approx(np.mean([laplacian_variance(luma) for luma in lumas]))
        assert row["block_grid"] == pytest.approx(np.mean([block_grid(luma) for luma in lumas]))


def test_what_is_not_known_is_missing(odd: tuple[list[Video], FaceStore]) -> None:
    table = null_features(*odd, "largest")
    assert table.loc["text_mp4"].drop("num_bytes").isna().all() and table.loc["text_mp4", "num_bytes"] == 9
    nobody = table.loc["nobody_mp4"]
    assert nobody[list(OF_CROPS)].isna().all() and nobody.drop(list(OF_CROPS)).notna().all()
    assert table.loc["two_mp4"].notna().all()


def test_where_no_header_tells_the_bitrate_it_is_that_of_the_file(odd: tuple[list[Video], FaceStore]) -> None:
    row = null_features(*odd, "largest").loc["two_mkv"]
    assert (row["codec"], row["width"]) == ("vp8", 160)
    assert row["bitrate"] == pytest.approx(8 * row["num_bytes"] / (12 / 25), rel=0.01)


def test_a_file_that_is_gone_since_is_named(
    odd: tuple[list[Video], FaceStore], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (two, *_), store = odd
    with caplog.at_level(logging.WARNING):
        row = null_features([replace(two, path=tmp_path / "gone.mp4")], store, "largest").loc["two_mp4"]
    assert caplog.messages == ["these files can no longer be read, so their headers are unknown: two_mp4"]
    assert row["codec"] is None or row["codec"] != row["codec"]
    assert row["bitrate"] == pytest.approx(8 * row["num_bytes"] / row["duration_s"])


def test_the_changed_face_is_measured_where_it_is_asked_for(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames_with(two_faces, 4))
    store = FaceStore(tmp_path / "store", {"finder": {"_target_": "tests.fakes.BrightSquares"}, **RECIPE}).open()
    rows = [[track, 0, frame, 0, 0, 20 + 10 * track] for track in (0, 1) for frame in range(40)]
    crops = pd.DataFrame(rows, columns=CROP_COLUMNS[:6]).reindex(columns=CROP_COLUMNS, fill_value=0.5)
    images = [store.encode(np.full((20 + 10 * track, 20 + 10 * track, 3), 9, np.uint8)) for track, *_ in rows]
    store.write(VideoRow("a", Status.OK, changed_track=1), crops, images)
    store.build_tables(["a"])
    video = Video("a", path, Label.FAKE, Split.TEST, "swap")
    sides = [null_features([video], store, face)["crop_side_max"].item() for face in ("largest", "changed")]  # type: ignore[arg-type]
    assert sides == [20, 30]


def test_a_video_that_the_store_lacks_is_an_error(odd: tuple[list[Video], FaceStore]) -> None:
    with pytest.raises(StoreError, match=r"lacks 1 videos, new among them: run scripts/extract.py"):
        null_features([replace(odd[0][0], video_id="new")], odd[1], "largest")
