from collections import Counter
from pathlib import Path

import pytest

from deepfake.corpora.audit import audit
from deepfake.corpora.folder import Folder
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split
from tests.corpora import builders

TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def test_tree_with_splits(tmp_path: Path) -> None:
    builders.touch(tmp_path, ["train/real/a.mp4", "train/fake/roop/b.MOV", "val/fake/c.mp4", "test/Real/d.webm"])
    builders.touch(tmp_path, ["e.mp4", "train/real/a.txt", "train/real/.hidden.mp4", "train/real/.cache/x.mp4"])
    listing = Folder(tmp_path).listing()
    assert [(v.video_id, v.label, v.split, v.method) for v in listing.videos] == [
        ("test/Real/d", Label.REAL, TEST, "real"),
        ("train/fake/roop/b", Label.FAKE, TRAIN, "roop"),
        ("train/real/a", Label.REAL, TRAIN, "real"),
        ("val/fake/c", Label.FAKE, VAL, "fake"),
    ]
    assert listing.num_extra == 2


def test_ids_neither_collide_nor_nest(tmp_path: Path) -> None:
    builders.touch(tmp_path / "real", ["a.mp4", "b.mp4", "b.avi", "c.mp4", "c/d.mp4", "e.mp4", "e.mp4.avi", "e.avi"])
    assert [v.video_id for v in Folder(tmp_path).listing().videos] == [
        "real/a",
        "real/b.avi",
        "real/b.mp4",
        "real/c.mp4",
        "real/c/d",
        "real/e.avi",
        "real/e.mp4",
        "real/e.mp4.avi",
    ]


@pytest.mark.parametrize(("num", "expected"), [(11, (7, 2, 2)), (500, (300, 100, 100)), (3, (1, 1, 1))])
def test_without_splits_each_class_is_divided(num: int, expected: tuple[int, ...], tmp_path: Path) -> None:
    builders.touch(tmp_path, [f"{label}/{number}.mp4" for label in ("real", "fake") for number in range(num)])
    listing = Folder(tmp_path).listing()
    counts = Counter((v.split, v.label) for v in listing.videos)
    assert all(tuple(counts[split, label] for split in Split) == expected for label in Label)
    assert any("no" in note and "group" in note for note in listing.notes)


@pytest.mark.parametrize(("num", "warned"), [(11, True), (45, True), (50, False)])
def test_few_videos_of_a_class_are_warned_of(num: int, warned: bool, tmp_path: Path) -> None:
    builders.touch(tmp_path, [f"{label}/{number}.mp4" for label in ("real", "fake") for number in range(num)])
    notes = [note for note in Folder(tmp_path).listing().notes if "fewer than 10 videos of a class" in note]
    assert bool(notes) == warned
    if num == 11:
        assert "train 7 real, train 7 fake, val 2 real, val 2 fake, test 2 real, test 2 fake" in notes[0]


def test_val_is_carved_from_train_and_never_from_test(tmp_path: Path) -> None:
    builders.touch(tmp_path, [f"{top}/{number}.mp4" for top in ("train/real", "test/fake") for number in range(200)])
    counts = Counter((v.split, v.label) for v in Folder(tmp_path).listing().videos)
    assert counts[TEST, Label.FAKE] == 200
    assert counts[TRAIN, Label.REAL] == 170 and counts[VAL, Label.REAL] == 30


def test_an_emptied_val_folder_moves_nothing(tmp_path: Path) -> None:
    builders.touch(tmp_path, [f"{top}/{number}.mp4" for top in ("train/real", "val/real") for number in range(50)])
    for path in (tmp_path / "val" / "real").iterdir():
        path.unlink()
    assert {v.split for v in Folder(tmp_path).listing().videos} == {TRAIN}


def test_linked_folders_are_entered_once(tmp_path: Path) -> None:
    builders.touch(tmp_path / "elsewhere", ["a.mp4"])
    (tmp_path / "corpus" / "real").mkdir(parents=True)
    (tmp_path / "corpus" / "real" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "corpus" / "real" / "loop").symlink_to(tmp_path / "corpus" / "real")
    assert [v.video_id for v in Folder(tmp_path / "corpus").listing().videos] == ["real/linked/a"]


def test_csv_in_full(tmp_path: Path) -> None:
    builders.touch(tmp_path, ["clips/a.mp4", "clips/b.MP4", "c.avi", "gone/d.mp4"])
    (tmp_path / "gone" / "d.mp4").unlink()
    (tmp_path / "videos.csv").write_text(
        "path,label,split,group,method\n"
        "clips/a.mp4,real,train,anna,\n"
        "clips/b.MP4,Fake,train,anna,roop\n"
        f"{tmp_path}/c.avi,fake,test,ben,\n"
        "gone/d.mp4,real,val,,\n"
    )
    listing = Folder(tmp_path / "videos.csv").listing()
    assert [(v.video_id, v.label, v.split, v.method, v.target_id) for v in listing.videos] == [
        ("c", Label.FAKE, TEST, "fake", "ben"),
        ("clips/a", Label.REAL, TRAIN, "real", "anna"),
        ("clips/b", Label.FAKE, TRAIN, "roop", "anna"),
    ]
    assert listing.missing == ("gone/d.mp4",)


def test_csv_may_point_outside_but_its_ids_do_not(tmp_path: Path) -> None:
    builders.touch(tmp_path, ["videos/a.mp4", "lists/b.mp4"])
    (tmp_path / "lists" / "x.csv").write_text("path,label\n../videos/a.mp4,real\n../lists/b.mp4,fake\n")
    videos = Folder(tmp_path / "lists" / "x.csv").listing().videos
    outside = (tmp_path / "videos" / "a").as_posix().lstrip("/")
    assert {v.video_id for v in videos} == {outside, "b"}
    assert all(v.path.is_file() for v in videos)


@pytest.mark.parametrize("protocol", ["official", "identity"])
def test_groups_stay_together(protocol: str, tmp_path: Path) -> None:
    lines = [(f"{number}.mp4", "fake" if number % 2 else "real", f"person{number % 10}") for number in range(40)]
    builders.touch(tmp_path, [name for name, _, _ in lines])
    (tmp_path / "x.csv").write_text("path,label,group\n" + "\n".join(map(",".join, lines)))
    listing = Folder(tmp_path / "x.csv", protocol=protocol).listing()
    assert audit(listing.videos).overlaps == ()
    assert Counter(v.split for v in listing.videos) == {TRAIN: 24, VAL: 8, TEST: 8}


def test_a_file_that_a_csv_names_twice_through_a_link(tmp_path: Path) -> None:
    builders.touch(tmp_path, ["a.mp4", "b.mp4"])
    (tmp_path / "link.mp4").symlink_to("a.mp4")
    table = tmp_path / "x.csv"
    table.write_text("path,label\nlink.mp4,real\na.mp4,real\nb.mp4,fake\n")
    listing = Folder(table).listing()
    assert [v.video_id for v in listing.videos] == ["a", "b"]
    assert any("link.mp4 (a second name of a.mp4)" in note for note in listing.notes)
    table.write_text("path,label\nlink.mp4,fake\na.mp4,real\n")
    with pytest.raises(CorpusError, match=r"as a\.mp4 and through a link as link\.mp4, with another label"):
        Folder(table).listing()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\na.mp4,real\n", "no column path"),
        ("path,label\na.mp4,1\n", "line 2 .*label '1'.*real or fake"),
        ("path,label,split\na.mp4,real,valid\n", "split 'valid'"),
        ("path,label\na.mp4,real\n./a.mp4,fake\n", "line 3 names a.mp4 a second time"),
        ("path,label,split\na.mp4,real,train\nb.mp4,real,\n", "gives b.mp4 no split"),
        ("path,label\na.mp4,real\n", "holds no video"),
        ("", "is empty"),
        ("path,label\na.mp4,real,train\n", "line 2 is malformed .*more than 2 columns"),
        ("path,label\na\0.mp4,real\n", "zero byte"),
        pytest.param(f"path,label\n{'a' * 131_073},real\n", "line 2 is malformed .*field larger", id="long field"),
    ],
)
def test_wrong_csv(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(CorpusError, match=message):
        Folder(tmp_path / "x.csv").listing()


def test_errors_name_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="nowhere does not exist; set data.root"):
        Folder(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match="has no real/ or fake/"):
        Folder(tmp_path).listing()
    builders.touch(tmp_path, ["real/a.mp4"])
    with pytest.raises(CorpusError, match="does not say who is seen"):
        Folder(tmp_path, protocol="identity").listing()
    assert any("has no fake video" in note for note in Folder(tmp_path).listing().notes)
    builders.touch(tmp_path, ["train/real/a.mp4"])
    with pytest.raises(CorpusError, match="keep one of the two layouts"):
        Folder(tmp_path).listing()
