"""The contact sheet of a face store."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepfake.report import store_sheet as module
from deepfake.report.contact_sheet import Tile
from deepfake.report.store_sheet import least_certain, sheet_table, store_sheet
from deepfake.schema import Label, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore

RECIPE = {
    "finder": {"_target_": "a.b.Mtcnn"},
    "num_segments": 4,
    "segment_length": 8,
    "margin": 1.3,
    "image_format": "png",
}
NAN = float("nan")


def table(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["video_id", "label", "group", "score"])


def order(videos: pd.DataFrame) -> list[str]:
    return least_certain(videos)["video_id"].to_list()


def test_the_least_certain_group_comes_first_and_its_real_leads_it() -> None:
    videos = table(
        ("r1", "real", "r1", 0.9),
        ("f1", "fake", "r1", 0.95),
        ("r2", "real", "r2", 0.99),
        ("f2", "fake", "r2", 0.5),
        ("f3", "fake", "r2", 0.4),
        ("alone", "fake", "r3", 0.7),
    )
    assert order(videos) == ["r2", "f3", "f2", "alone", "r1", "f1"]


def test_a_video_without_a_face_is_the_least_certain_and_stays_beside_its_real() -> None:
    videos = table(("r1", "real", "r1", 0.1), ("r2", "real", "r2", 0.9), ("f2", "fake", "r2", NAN))
    assert order(videos) == ["r2", "f2", "r1"]


def test_of_too_many_the_least_certain_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (module.MAX_TILES, module.MAX_WITHOUT) == (1000, 100)
    monkeypatch.setattr(module, "MAX_TILES", 3)
    monkeypatch.setattr(module, "MAX_WITHOUT", 1)
    scores = [(f"v{i}", "real", f"v{i}", i / 10) for i in range(5)]
    assert order(table(*scores, ("x", "real", "x", NAN), ("y", "real", "y", NAN))) == ["x", "v0", "v1"]


@pytest.fixture
def store(tmp_path: Path) -> FaceStore:
    """A real, its fake that was cut by its boxes, a fake of an unknown real, and two videos without a face."""
    store = FaceStore(tmp_path / "mine" / "mtcnn-4x8", RECIPE).open()
    faces = {"real/a": (0.9, 100, "detected"), "fake/a": (0.9, 150, "reused"), "fake/b": (0.6, 200, "detected")}
    for video_id, (score, grey, boxes) in faces.items():
        crops = pd.DataFrame(1.0, index=range(4), columns=CROP_COLUMNS)
        crops = crops.assign(track=[0, 0, 0, 1], segment=0, frame=[3, 4, 5, 3], score=[score, score, score - 0.3, 0.1])
        images = [np.full((16, 16, 3), value, np.uint8) for value in (0, grey, 0, 0)]
        store.write(VideoRow(video_id, Status.OK, num_faces=2, boxes=boxes), crops, [store.encode(i) for i in images])
    for video_id, status in (("real/empty", Status.NO_FACE), ("fake/cut", Status.UNREADABLE)):
        store.write(VideoRow(video_id, status, f"why {video_id}"), pd.DataFrame(columns=CROP_COLUMNS), [])
    store.build_tables([*faces, "real/empty", "fake/cut"])
    return store


def videos(*ids: str) -> list[Video]:
    return [
        Video(
            video_id,
            Path("x"),
            Label.REAL if video_id.startswith("real") else Label.FAKE,
            real_id="real/a" if video_id == "fake/a" else "",
        )
        for video_id in ids
    ]


ALL = videos("real/a", "fake/a", "fake/b", "real/empty", "fake/cut")


def test_the_table_holds_the_mean_of_the_main_face_and_its_middle_frame(store: FaceStore) -> None:
    found = sheet_table(store, ALL).set_index("video_id")
    assert found["score"].round(3).fillna(-1).to_dict() == {
        "fake/a": 0.8,
        "fake/b": 0.5,
        "fake/cut": -1,
        "real/a": 0.8,
        "real/empty": -1,
    }
    assert found["frame"].to_dict() == {"fake/a": 4, "fake/b": 4, "fake/cut": -1, "real/a": 4, "real/empty": -1}
    assert found.loc["fake/a", "group"] == "real/a" == found.loc["real/a", "group"]


def test_what_the_sheet_shows(store: FaceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[list[Tile], str, list[str]]] = []
    draw = module.contact_sheet

    def spy(tiles: list[Tile], title: str, lines: list[str]) -> Image.Image:
        calls.append((tiles, title, lines))
        return draw(tiles, title, lines)

    monkeypatch.setattr(module, "contact_sheet", spy)
    with Image.open(io.BytesIO(store_sheet(store, ALL))) as image:
        assert image.format == "JPEG"
    [(tiles, title, lines)] = calls
    assert title == "Faces of mine, found by mtcnn"
    assert lines[0] == "5 videos (2 real, 3 fake): 3 with a face, 2 without (1 unreadable, 1 no face)"
    shown = {tile.video_id: (tile.label, tile.found, tile.trouble, tile.reason) for tile in tiles}
    assert list(shown.items()) == [
        ("fake/cut", ("fake", "", "unreadable", "why fake/cut")),
        ("real/empty", ("real", "", "no face", "why real/empty")),
        ("fake/b", ("fake", "found 0.500", "", "")),
        ("real/a", ("real", "found 0.800", "", "")),
        ("fake/a", ("fake", "found 0.800 in its real", "", "")),
    ]
    assert [None if tile.image is None else tile.image[0, 0, 0] for tile in tiles] == [None, None, 200, 100, 150]


def test_what_is_left_out_is_said(store: FaceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    draw = module.contact_sheet
    monkeypatch.setattr(module, "contact_sheet", lambda tiles, title, head: lines.extend(head) or draw(tiles, title))
    monkeypatch.setattr(module, "MAX_TILES", 3)
    monkeypatch.setattr(module, "MAX_WITHOUT", 1)
    store_sheet(store, ALL)
    assert lines[1].endswith("3 are shown, 1 of them without a face; videos.csv names all.")


def test_a_store_in_which_no_video_has_a_face(tmp_path: Path) -> None:
    store = FaceStore(tmp_path / "mine" / "mtcnn-4x8", RECIPE).open()
    store.write(VideoRow("real/empty", Status.NO_FACE), pd.DataFrame(columns=CROP_COLUMNS), [])
    store.build_tables(["real/empty"])
    assert sheet_table(store, ALL)["score"].isna().all() and store_sheet(store, ALL)
