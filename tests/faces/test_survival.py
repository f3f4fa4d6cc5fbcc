"""What extraction survives: damaged files of every kind, and being killed at any moment."""

import os
import random
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import extract_video
from deepfake.schema import Status
from deepfake.store import FaceStore
from tests.faces.test_extract import RECIPE, contents, run
from tests.fakes import BrightSquares, frames_with, one_face, turn, write_video


@cache
def frames(num: int = 40) -> np.ndarray:
    return frames_with(one_face, num)


def status_of(path: Path, store: FaceStore) -> tuple[str, str]:
    """Extract one file in this process; return its status and the reason."""
    found = extract_video("a", path, BrightSquares(), Recipe(**RECIPE), store)  # type: ignore[arg-type]
    assert len(found.images) == len(found.crops)
    assert (found.row.status == Status.OK) == bool(found.images)
    return found.row.status, found.row.reason


@pytest.fixture
def store(tmp_path: Path) -> FaceStore:
    return FaceStore(tmp_path / "faces", {"finder": {"_target_": "x.Squares"}, **RECIPE}).open()


@pytest.mark.slow
def test_damage_at_two_hundred_places(tmp_path: Path) -> None:
    """Half of the files are cut off, half have bytes flipped; every one has a row that says what is wrong."""
    whole = write_video(tmp_path / "a.mp4", frames(), options={"movflags": "faststart", "g": "8"}).read_bytes()
    rng = random.Random(0)
    paths = {}
    for i in range(100):
        place = len(whole) * i // 100
        flipped = bytearray(whole)
        for at in range(place, min(place + 40, len(whole))):
            flipped[at] ^= rng.randrange(1, 256)
        for damage, content in (("cut", whole[:place]), ("flipped", bytes(flipped))):
            paths[f"{damage}/{i:02d}"] = tmp_path / f"{damage}-{i:02d}.mp4"
            paths[f"{damage}/{i:02d}"].write_bytes(content)
    store = run(paths, tmp_path / "faces", num_workers=2)
    rows = store.videos()
    assert list(rows.index) == sorted(paths) and store.todo(paths) == {}
    assert {Status.OK, Status.UNREADABLE} <= set(rows["status"])
    assert (rows["reason"] != "")[rows["status"] != Status.OK].all()
    # A file whose end is missing still has a beginning with faces, and its row says what is missing.
    cut = rows.loc["cut/60":"cut/99"]
    assert (cut["status"] == Status.OK).all() and (cut["num_frames"] < 40).sum() > 30
    assert (cut["reason"] != "")[cut["num_frames"] < 40].all()
    crops = store.crops()
    assert (crops["frame"] < crops["video_id"].map(rows["num_frames"])).all()


def test_what_is_lost_of_a_file_stands_in_its_reason(store: FaceStore, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames(), options={"movflags": "faststart", "g": "8"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    status, reason = status_of(path, store)
    assert status == Status.OK
    assert reason.startswith("the file says 40 frames and holds 2")


def test_segments_that_cannot_be_decoded_do_not_cost_the_others(
    store: FaceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepfake.errors import UnreadableVideoError
    from deepfake.video.av_reader import AvReader
    from deepfake.video.decord_reader import DecordReader

    path = write_video(tmp_path / "a.mp4", frames())
    for reader in (AvReader, DecordReader):
        read = reader.read

        def failing(self: AvReader, indices: range, read: object = read) -> np.ndarray:
            if 10 in indices:
                raise UnreadableVideoError(path, "frame 10 cannot be decoded")
            return read(self, indices)  # type: ignore[operator]

        monkeypatch.setattr(reader, "read", failing)
    found = extract_video("a", path, BrightSquares(), Recipe(**RECIPE), store)  # type: ignore[arg-type]
    assert (found.row.status, found.row.reason) == (Status.OK, "1 of 2 segments cannot be decoded")
    assert (found.row.reader, found.row.num_sampled) == ("av", 4)
    assert found.crops["segment"].tolist() == [1] * 4


def test_a_rotated_video_is_stored_upright(store: FaceStore, tmp_path: Path) -> None:
    path = turn(write_video(tmp_path / "a.mp4", frames()), 90)
    found = extract_video("a", path, BrightSquares(), Recipe(**RECIPE), store)  # type: ignore[arg-type]
    assert (found.row.height, found.row.width) == (160, 120)
    assert found.row.remarks == "rotated as the file asks (by 90 degrees clockwise)"
    assert found.row.duration_s == pytest.approx(found.row.num_frames / 25)
    # What was at the top is at the right: y of 30 to 80 in 120 rows becomes x of 40 to 90.
    assert found.crops["face_x"].tolist() == pytest.approx([65] * 8, abs=1)


@pytest.mark.parametrize(
    ("name", "status", "options"),
    [
        ("grey.mkv", Status.OK, {"pixels": "gray"}),
        ("ten_bit.mp4", Status.OK, {"pixels": "yuv420p10le"}),
        ("no_times.avi", Status.OK, {"codec": "mpeg4"}),
        ("variable.mp4", Status.OK, {"times": np.cumsum([10, 40, 10, 70, 20] * 8).tolist()}),
    ],
)
def test_unusual_files_are_read(name: str, status: Status, options: dict, store: FaceStore, tmp_path: Path) -> None:
    assert status_of(write_video(tmp_path / name, frames(), **options), store) == (status, "")


def test_three_frames_sound_alone_and_text_have_a_reason(store: FaceStore, tmp_path: Path) -> None:
    assert status_of(write_video(tmp_path / "three.mp4", frames()[:3]), store) == (
        Status.TOO_SHORT,
        "it has 3 frames, but a segment needs 4",
    )
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        container.mux(stream.encode(None))
    (tmp_path / "text.mp4").write_text("words\n")
    (tmp_path / "empty.mp4").touch()
    for name in ("sound", "text", "empty", "gone"):
        status, reason = status_of(tmp_path / f"{name}.mp4", store)
        assert status == Status.UNREADABLE and reason


KILLED = """
import sys
from pathlib import Path
from tests.faces.test_extract import run
if __name__ == "__main__":
    run({path.stem: path for path in sorted(Path(sys.argv[1]).glob("*.mp4"))}, Path(sys.argv[2]), num_workers=2)
"""


@pytest.mark.slow
def test_killed_at_any_moment_and_run_again_it_is_the_same_store(tmp_path: Path) -> None:
    for i in range(40):
        write_video(tmp_path / f"videos/{i:02d}.mp4", frames_with(one_face, 16 + i % 10))
    paths = {path.stem: path for path in sorted((tmp_path / "videos").glob("*.mp4"))}
    expected = contents(run(paths, tmp_path / "whole").root)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), str(tmp_path / "videos"), str(tmp_path / "killed")]
    done: dict[str, int] = {}
    for number in (1, 4, 9):  # videos in the store when it is killed
        process = subprocess.Popen(command, env=environment)
        workers: list[psutil.Process] = []
        while process.poll() is None and len(archives(tmp_path / "killed")) < number:
            workers = psutil.Process(process.pid).children(recursive=True)
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert not alive, "workers outlive a run that was killed"
        assert done.items() <= archives(tmp_path / "killed").items()  # nothing is done twice
        done = archives(tmp_path / "killed")
        assert len(done) < 40
    store = run(paths, tmp_path / "killed")
    assert contents(store.root) == expected
    assert done.items() <= archives(tmp_path / "killed").items()


def archives(root: Path) -> dict[str, int]:
    """The videos that are in the store, and the inodes of their archives."""
    return {path.name: path.stat().st_ino for path in root.glob("*/crops/*.zip")}
