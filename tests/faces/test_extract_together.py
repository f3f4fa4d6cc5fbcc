"""Several runs on one store at the same time: each video is extracted once, all runs finish, and readers never fail."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from deepfake.errors import StoreError
from deepfake.faces.extract import extract
from deepfake.faces.finders import Faces
from deepfake.faces.recipe import Recipe
from deepfake.schema import Status
from deepfake.store import PLACE, FaceStore, decode
from deepfake.store.claims import Claims
from tests.conftest import REPOSITORY
from tests.faces.test_extract import RECIPE, contents
from tests.fakes import BrightSquares, frames_with, one_face, write_video

BITS, SIDE = 8, 8  # a video's number is written into its frames, in squares too small for a face
SLOWLY_S = 0.1


class Logging(BrightSquares):
    """Records in a file which video it is shown, one line per call, and sleeps, so that runs overlap."""

    def __init__(self, log: Path, slowly_s: float = 0.0) -> None:
        self.log = log
        self.slowly_s = slowly_s

    def find(self, frames: np.ndarray) -> list[Faces]:
        time.sleep(self.slowly_s)
        with self.log.open("a") as file:
            file.write(f"{number_in(frames[0])}\n")
        return super().find(frames)


def number_in(frame: np.ndarray) -> int:
    bits = [frame[2:6, i * SIDE + 2 : i * SIDE + 6].mean() > 128 for i in range(BITS)]
    return sum(1 << i for i, bit in enumerate(bits) if bit)


def videos(root: Path, num: int, shade: int = 0) -> dict[str, Path]:
    """Write clips that show their number; another `shade` makes another corpus with the same names."""
    paths = {}
    for number in range(num):
        frames = frames_with(one_face, 16)
        frames[:, 100:, :] += np.uint8(shade)
        for i in range(BITS):
            frames[:, :SIDE, i * SIDE : (i + 1) * SIDE] = 255 if number >> i & 1 else 0
        name = f"{'fake' if number % 3 else 'real'}/{number:03d}"
        paths[name] = write_video(root / f"{name}.mp4", frames)
    return paths


def store_at(root: Path) -> FaceStore:
    return FaceStore(root, {"finder": {"_target_": "x.Logging"}, **RECIPE}).open()


def run(paths: Mapping[str, Path], root: Path, log: Path, slowly_s: float = 0.0) -> dict[str, str]:
    """Do what a command does: look, extract, update the tables; return every video's status."""
    store = store_at(root)
    finder = partial(Logging, log, slowly_s)
    rows = extract(store.todo(paths), store, finder, Recipe(**RECIPE), num_workers=1)  # type: ignore[arg-type]
    for row in rows:
        assert row.status == Status.OK
    store.build_tables(paths)
    return store.rows(list(paths))["status"].to_dict()


def lines(log: Path) -> Counter[int]:
    """How often the finder was shown each video."""
    return Counter(map(int, log.read_text().split())) if log.exists() else Counter()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], dict[str, str], int]:
    """Videos, the contents of a store that one run made of them, and how often the finder is called for each."""
    root = tmp_path_factory.mktemp("alone")
    paths = videos(root / "videos", 12)
    assert set(run(paths, root / "store", root / "log").values()) == {"ok"}
    (calls,) = set(lines(root / "log").values())
    return paths, contents(root / "store"), calls


def test_two_runs_extract_each_video_once(
    alone: tuple[dict[str, Path], dict[str, str], int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths, expected, calls = alone
    caplog.set_level("INFO")
    with ThreadPoolExecutor(2) as pool, reading(tmp_path / "store", list(paths)) as read:
        runs = [pool.submit(run, paths, tmp_path / "store", tmp_path / "log", SLOWLY_S) for _ in range(2)]
        assert [set(each.result().values()) for each in runs] == [{"ok"}] * 2
    assert lines(tmp_path / "log") == dict.fromkeys(range(len(paths)), calls)
    assert contents(tmp_path / "store") == expected and read
    assert list((tmp_path / "store/claims").iterdir()) == list((tmp_path / "store/partial").iterdir()) == []


@contextmanager
def reading(root: Path, video_ids: list[str]) -> Iterator[list[int]]:
    """Keep reading whatever is there inside the block, by the tables and straight from the archives."""
    end, counts = threading.Event(), []

    def read() -> None:
        while not end.is_set():
            store = FaceStore(root, {"finder": {"_target_": "x.Logging"}, **RECIPE})
            there = [name for name in video_ids if store.has(name)]
            for name in there:
                stored = store.stored(name)
                assert stored is not None and len(stored.crops)
                store.image(name, 0, int(stored.crops["frame"].iloc[0]))
            listed = store.videos().index.to_list()
            video, places = store.crop_columns(listed, PLACE)
            for number, name in enumerate(listed):
                mine = [places[column][video == number] for column in PLACE]
                assert [decode(image).shape[2] for image in store.read_images(name, *mine)]
            counts.append(len(listed))
            time.sleep(0.05)

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            yield counts
        finally:
            end.set()
        reader.result()


def test_two_corpora_of_one_name_at_the_same_time_do_not_become_one(tmp_path: Path) -> None:
    """A run that ends without an error has only the faces of its own files."""
    corpora = [videos(tmp_path / name, 6, shade) for name, shade in (("one", 0), ("two", 90))]
    for name in corpora[0]:  # they differ in their content alone
        longest = max(corpus[name].stat().st_size for corpus in corpora)
        for corpus in corpora:
            with corpus[name].open("ab") as file:
                file.write(bytes(longest - corpus[name].stat().st_size))
            os.utime(corpus[name], (10**9, 10**9))

    def attempt(corpus: dict[str, Path]) -> str:
        try:
            run(corpus, tmp_path / "store", tmp_path / "log", SLOWLY_S)
        except StoreError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(attempt, corpora))
    assert any(errors) and all("was made of other files" in error for error in errors if error)
    for corpus, error in zip(corpora, errors, strict=True):
        if not error:
            found = store_at(tmp_path / "store").rows(list(corpus))["path"].to_dict()
            assert found == {name: str(path) for name, path in corpus.items()}


def test_shards_wait_for_nobody(alone: tuple[dict[str, Path], dict[str, str], int], tmp_path: Path) -> None:
    """Another run holds the tables all the time, and other shards work on other videos."""
    paths, expected, calls = alone
    store = store_at(tmp_path / "store")
    parts = [dict(list(paths.items())[number::2]) for number in range(2)]

    def shard(part: dict[str, Path]) -> int:
        mine = store_at(tmp_path / "store")
        finder = partial(Logging, tmp_path / "log")
        return len(list(extract(mine.todo(part), mine, finder, Recipe(**RECIPE), num_workers=1)))  # type: ignore[arg-type]

    with Claims(store.root) as other, ThreadPoolExecutor(2) as pool:
        assert other.take("tables")
        assert list(pool.map(shard, parts)) == [6, 6]
        assert not (store.root / "tables").exists()
    assert lines(tmp_path / "log") == dict.fromkeys(range(len(paths)), calls)
    assert store.todo(paths) == {} and store.build_tables(paths)
    assert contents(store.root) == expected


def test_videos_of_a_run_that_was_killed_are_taken_over_and_those_of_a_living_one_are_waited_for(
    alone: tuple[dict[str, Path], dict[str, str], int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths, expected, calls = alone
    command = [sys.executable, "-c", CLAIMING, str(tmp_path / "store"), "real/000", "fake/004"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert len(list((tmp_path / "store/claims").iterdir())) == 3
    store = store_at(tmp_path / "store")
    caplog.set_level("INFO")
    with Claims(store.root) as living:
        assert living.take("real/003")
        threading.Thread(target=release_when_waited_for, args=(living, "real/003", caplog)).start()
        assert set(run(paths, store.root, tmp_path / "log").values()) == {"ok"}
    assert WAITING in [r.message for r in caplog.records]
    assert lines(tmp_path / "log") == dict.fromkeys(range(len(paths)), calls)
    assert contents(store.root) == expected
    assert list((store.root / "claims").iterdir()) == []


WAITING = "1 videos are being extracted by other runs: waiting for them"


def release_when_waited_for(claims: Claims, video_id: str, caplog: pytest.LogCaptureFixture) -> None:
    end = time.monotonic() + 60
    while WAITING not in [record.message for record in list(caplog.records)] and time.monotonic() < end:
        time.sleep(0.05)
    claims.release(video_id)


CLAIMING = """
import os, signal, sys
from pathlib import Path
from deepfake.store.claims import Claims
with Claims(Path(sys.argv[1])) as claims:
    assert all(claims.take(name) for name in sys.argv[2:])
    os._exit(0)
"""
RUN = """
import json, logging, sys
from pathlib import Path
from tests.faces.test_extract_together import SLOWLY_S, run
if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    root, log, paths = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    run({name: Path(path) for name, path in paths.items()}, root, log, SLOWLY_S)
"""


def started(root: Path, log: Path, paths: Mapping[str, Path]) -> subprocess.Popen:
    script = root.parent / "run.py"
    script.write_text(RUN)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    given = json.dumps({name: str(path) for name, path in paths.items()})
    return subprocess.Popen(
        [sys.executable, str(script), str(root), str(log), given], env=environment, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_four_processes_on_one_empty_store_extract_each_video_once(tmp_path: Path) -> None:
    paths = videos(tmp_path / "videos", 30)
    run(paths, tmp_path / "alone", tmp_path / "log alone")
    with reading(tmp_path / "store", list(paths)) as read:
        runs = [started(tmp_path / "store", tmp_path / "log", paths) for _ in range(4)]
        ends = [(each.communicate()[1], each.returncode) for each in runs]
    assert [code for _, code in ends] == [0] * 4, ends
    assert lines(tmp_path / "log") == lines(tmp_path / "log alone")
    assert contents(tmp_path / "store") == contents(tmp_path / "alone")
    assert list((tmp_path / "store/claims").iterdir()) == list((tmp_path / "store/partial").iterdir()) == []
    assert len(read) > 3 and max(read) > 0


@pytest.mark.slow
def test_a_process_that_is_killed_is_made_up_for(tmp_path: Path) -> None:
    """One of three runs is killed; the two others do its work, and no finished video is extracted again."""
    paths = videos(tmp_path / "videos", 30)
    run(paths, tmp_path / "alone", tmp_path / "log alone")
    calls = lines(tmp_path / "log alone")
    with reading(tmp_path / "store", list(paths)):
        runs = [started(tmp_path / "store", tmp_path / "log", paths) for _ in range(3)]
        while len(archives(tmp_path / "store")) < 7:
            time.sleep(0.002)
        time.sleep(0.05)  # amid the next one, most likely
        victim = next(each for each in runs if each.poll() is None)
        workers = psutil.Process(victim.pid).children(recursive=True)
        victim.send_signal(signal.SIGKILL)
        done, before = archives(tmp_path / "store"), lines(tmp_path / "log")
        ends = [(each.communicate()[1], each.returncode) for each in runs]
    assert sorted(code for _, code in ends) == [-9, 0, 0], ends
    assert not psutil.wait_procs(workers, timeout=10)[1]
    assert done.items() <= archives(tmp_path / "store").items()
    more = lines(tmp_path / "log") - calls  # videos that the killed run had begun are searched again
    assert sum(more.values()) <= 2 * max(calls.values()) and before
    store_at(tmp_path / "store")  # removes what the killed run had half written
    found = contents(tmp_path / "store")
    # Its claim on a video that it had just finished may remain, and blocks nobody.
    assert {name: each for name, each in found.items() if "claims/" not in name} == contents(tmp_path / "alone")


def archives(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in root.glob("crops/*/*.zip")}
