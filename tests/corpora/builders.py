"""Miniature corpora: the published layouts with a few empty files, including the traps of the real ones."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

CELEBDF_LIST = """\
1 Celeb-real/id0_0000.mp4
1 YouTube-real/00000.mp4
0 Celeb-synthesis/id0_id1_0001.mp4
0 Celeb-synthesis/id2_id3_0000.mp4
0 Celeb-synthesis/id4_id5_0009.mp4"""  # the published list has no newline at its end either


def touch(root: Path, names: Iterable[str]) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def celebdf(root: Path) -> Path:
    """Six people in three blocks of the list's swap graph: id0-id1, id2-id3, id4-id5; id6 is not in the list."""
    touch(
        root,
        [
            "Celeb-real/id0_0000.mp4",  # test
            "Celeb-real/id0_0001.mp4",  # source video of a test fake
            "Celeb-real/id0_0002.MP4",  # upper-case extension
            "Celeb-real/id1_0000.mp4",
            "Celeb-real/id2_0001.mp4",
            "Celeb-real/id4_0000.mp4",
            "Celeb-real/id6_0000.mp4",
            "Celeb-real/._id6_0000.mp4",  # extra: macOS's metadata file
            "Celeb-real/notes.txt",  # extra
            "YouTube-real/00000.mp4",  # test
            "YouTube-real/00001.mp4",
            "Celeb-synthesis/id0_id1_0000.mp4",  # made from a test real
            "Celeb-synthesis/id0_id1_0001.mp4",  # test
            "Celeb-synthesis/id0_id1_0002.mp4",
            "Celeb-synthesis/id0_id3_0002.mp4",  # mixes two blocks
            "Celeb-synthesis/id2_id3_0000.mp4",  # test; its real is missing
            "Celeb-synthesis/id4_id5_0000.mp4",
        ],
    )
    (root / "List_of_testing_videos.txt").write_text(CELEBDF_LIST)
    return root


FFPP_PAIRS = {"train": [["000", "003"], ["004", "005"]], "val": [["006", "007"]], "test": [["001", "002"]]}


def ffpp(root: Path, methods: Iterable[str] = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")) -> Path:
    """Eight sequences in four pairs; all four methods have a `000_003`."""
    reals = [f"{i:03}" for i in range(8)]
    fakes = ["000_003", "003_000", "004_005", "005_004", "006_007", "007_006", "001_002", "002_001"]
    touch(root, [f"original_sequences/youtube/c23/videos/{real}.mp4" for real in reals])
    for method in methods:
        touch(root, [f"manipulated_sequences/{method}/c23/videos/{fake}.mp4" for fake in fakes])
    write_pairs(root / "splits")
    return root


def write_pairs(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, pairs in FFPP_PAIRS.items():
        (folder / f"{split}.json").write_text(json.dumps(pairs))


def dfo(root: Path) -> tuple[Path, Path]:
    """Make four fakes and an extra one; return the root and that of FaceForensics++."""
    fakes = {"train": ["000_M101", "002_M101"], "val": ["006_W005"], "test": ["001_W101"]}
    for split, names in fakes.items():
        path = root / "dfo" / "lists" / "splits" / f"{split}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(f"{name}.mp4" for name in names) + ("\n" if split != "test" else ""))
        touch(root / "dfo", [f"manipulated_videos/end_to_end/{name}.mp4" for name in names])
    touch(root / "dfo", ["manipulated_videos/end_to_end/009_M101.mp4"])  # in no list
    touch(root / "dfo", ["source_videos/M101/light_up/happy/M101_light_up_happy_camera_front.mp4"])
    return root / "dfo", ffpp(root / "ffpp", [])


def dfdc(root: Path) -> Path:
    """Make two parts for train, one for val (47), and a test set."""
    for part, names in {0: ["a", "b"], 1: ["c", "d"], 47: ["e", "f"]}.items():
        real, fake = names
        folder = root / f"dfdc_train_part_{part}"
        touch(folder, [f"{real}.mp4", f"{fake}.mp4"])
        table = {
            f"{real}.mp4": {"label": "REAL", "split": "train"},
            f"{fake}.mp4": {"label": "FAKE", "split": "train", "original": f"{real}.mp4"},
        }
        (folder / "metadata.json").write_text(json.dumps(table))
    touch(root / "test", ["x.mp4", "y.mp4"])
    (root / "test" / "labels.csv").write_text("filename,label\nx.mp4,0\ny.mp4,1\nz.mp4,1\n")
    return root


def folder(root: Path) -> Path:
    touch(root, [f"{split}/{label}/{name}" for split in ("train", "val", "test") for label in ("real", "fake")
                 for name in ("a.mp4", "b.mkv")])  # fmt: skip
    return root


def _dfo_options(root: Path) -> dict[str, Path]:
    own, ffpp_root = dfo(root)
    return {"root": own, "ffpp_root": ffpp_root}


# For each yaml in conf/data: makes its files in a folder, and returns the options of `data` for them.
# The demo draws its clips, which takes long: tests/corpora/test_demo.py holds it to the same.
BUILDERS: dict[str, Callable[[Path], dict[str, Path]]] = {
    "celebdf": lambda root: {"root": celebdf(root)},
    "celebdf_v1": lambda root: {"root": celebdf(root)},
    "ffpp": lambda root: {"root": ffpp(root)},
    "dfo": _dfo_options,
    "dfdc": lambda root: {"root": dfdc(root)},
    "folder": lambda root: {"root": folder(root)},
}
