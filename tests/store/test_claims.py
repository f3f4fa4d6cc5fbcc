"""Claims: one run at a time has each, whichever run dies on whichever machine, whatever the clocks say."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from deepfake.atomic import partial_name
from deepfake.errors import StoreError
from deepfake.store import claims as claims_module
from deepfake.store.claims import Claims, sweep
from tests.waiting import until


@pytest.fixture(scope="module")
def dead() -> str:
    """Return the name of a run that has ended on this machine."""
    command = [sys.executable, "-c", "from deepfake.atomic import partial_name; print(partial_name())"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def elsewhere() -> str:
    """Return a name such as a run on another machine has."""
    return f"other.host.1-17.1-{os.urandom(4).hex()}"


def left_by(root: Path, holder: str, what: str, number: int = 0, silent_s: float | None = 0) -> Path:
    """Write a claim and, unless `silent_s` is None, its run's `.run` file, touched that many seconds ago."""
    folder = root / "claims"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.blake2b(what.encode(), digest_size=16).hexdigest()
    claim = folder / (f"{name}.{number}" if number else name)
    claim.write_text(holder)
    if silent_s is not None:
        sign = folder / f"{holder}.run"
        sign.touch()
        os.utime(sign, (time.time() - silent_s,) * 2)
    return claim


def test_one_has_it_until_it_is_given_back(tmp_path: Path) -> None:
    with Claims(tmp_path) as mine, Claims(tmp_path) as yours:
        assert mine.take("a") and not mine.take("a") and not yours.take("a") and yours.take("b")
        mine.release("a")
        assert yours.take("a") and not mine.take("a")
    assert list((tmp_path / "claims").iterdir()) == []


def test_what_a_run_has_is_given_back_when_it_ends(tmp_path: Path) -> None:
    with Claims(tmp_path) as yours:
        with Claims(tmp_path) as mine:
            assert mine.take("a")
        assert yours.take("a")


@pytest.mark.parametrize("chain", [1, 2, 3])
def test_of_many_that_find_the_claim_of_a_dead_run_one_gets_it(chain: int, dead: str, tmp_path: Path) -> None:
    num_threads, rounds = 6, 40
    barrier = threading.Barrier(num_threads)
    with ExitStack() as stack, ThreadPoolExecutor(num_threads) as pool:
        runs = [stack.enter_context(Claims(tmp_path)) for _ in range(num_threads)]

        def grab(run: Claims, what: str) -> bool:
            barrier.wait()
            return any(run.take(what) for _ in range(20))

        for number in range(rounds):
            for each in range(chain):
                left_by(tmp_path, dead, f"{number}", each)
            took = list(pool.map(grab, runs, [f"{number}"] * num_threads))
            assert sum(took) == 1
            runs[took.index(True)].release(f"{number}")
            assert not [path for path in (tmp_path / "claims").iterdir() if path.suffix != ".run"]


@pytest.mark.timeout(120)
def test_nobody_is_at_it_at_the_same_time_though_runs_die_all_the_while(dead: str, tmp_path: Path) -> None:
    inside, most, done = 0, 0, 0

    def work(seed: int) -> None:
        nonlocal inside, most, done
        with Claims(tmp_path) as run:
            for number in range(60):
                with run.alone("tables", wait_s=0.0005):
                    inside += 1
                    most = max(most, inside)
                    done += 1
                    time.sleep(0.0002)
                    inside -= 1
                if number % 7 == seed % 7 and run.take("tables"):
                    # The run is killed while it has the claim: its files stay, under the name of a dead run.
                    path = run._path(*run._mine.popitem())
                    path.write_text(dead)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(work, range(5)))
    assert (most, done) == (1, 300)


@pytest.mark.parametrize(
    ("holder", "silent_s", "taken"),
    [
        ("dead", 0, True),
        ("dead", None, True),
        ("alive", 0, False),
        ("alive", 3600, False),  # its process is alive, however busy the machine is
        ("elsewhere", 0, False),
        ("elsewhere", 200, False),
        ("elsewhere", 400, True),
        ("elsewhere", -86_400, False),
        ("elsewhere", None, True),
        ("zeros", None, True),
        ("garbage", None, True),
    ],
)
def test_a_claim_counts_as_long_as_its_run_lives(
    holder: str, silent_s: float | None, taken: bool, dead: str, tmp_path: Path
) -> None:
    name = {"dead": dead, "alive": partial_name(), "elsewhere": elsewhere(), "zeros": "\0" * 30, "garbage": "?/\n"}
    path = left_by(tmp_path, name[holder], "a", silent_s=silent_s)
    old = time.time() - 1000
    os.utime(path, (old, old))
    with Claims(tmp_path) as run:
        assert run.take("a") == taken
    assert path.exists() != taken  # claims that were taken over are removed


@pytest.mark.parametrize(("age_s", "taken"), [(0, False), (30, False), (100, True)])
def test_a_claim_without_a_name_is_being_written_for_a_while(age_s: float, taken: bool, tmp_path: Path) -> None:
    path = left_by(tmp_path, "", "a", silent_s=None)
    os.utime(path, (time.time() - age_s,) * 2)
    with Claims(tmp_path) as run:
        assert run.take("a") == taken


@pytest.mark.parametrize("skew_s", [-86_400, -400, 400, 86_400])
def test_the_clocks_of_the_machines_do_not_matter(
    skew_s: float, dead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is read from the disk by touching a file; this machine's clock may be a day off."""
    clock = time.time
    left_by(tmp_path, elsewhere(), "living")
    left_by(tmp_path, elsewhere(), "silent", silent_s=400)
    left_by(tmp_path, dead, "dead")
    monkeypatch.setattr(time, "time", lambda: clock() + skew_s)
    with Claims(tmp_path) as run:
        assert [run.take(what) for what in ("living", "silent", "dead", "new")] == [False, True, True, True]


def test_a_run_that_was_taken_for_dead_does_not_give_away_what_another_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine wakes from sleep after its claim was taken over."""
    with Claims(tmp_path) as sleeper, Claims(tmp_path) as other, Claims(tmp_path) as third:
        assert sleeper.take("a")
        with monkeypatch.context() as patch:
            patch.setattr(claims_module, "ended", lambda name: name == sleeper.name)
            assert other.take("a")
        sleeper.release("a")
        assert not third.take("a")
        other.release("a")
        assert third.take("a")


def test_what_is_left_above_a_claim_does_not_keep_it(dead: str, tmp_path: Path) -> None:
    """A run that was killed while giving back has left the claim by which it had taken over."""
    left_by(tmp_path, dead, "a", number=1)
    with Claims(tmp_path) as mine, Claims(tmp_path) as yours:
        assert mine.take("a") and not yours.take("a")
        mine.release("a")
        assert yours.take("a")
        yours.release("a")
    assert list((tmp_path / "claims").iterdir()) == []


def test_a_run_goes_on_when_somebody_has_tidied_up(tmp_path: Path) -> None:
    with Claims(tmp_path) as run:
        assert run.take("a")
        for path in (tmp_path / "claims").iterdir():
            path.unlink()
        (tmp_path / "claims").rmdir()
        assert run.take("b") and (tmp_path / "claims" / f"{run.name}.run").exists()
        run.release("a")


@pytest.mark.parametrize("at", ["open", "write"])
def test_a_full_disk_is_said_and_leaves_no_claim(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    class Full:
        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")  # the buffer is written on closing

        def write(self, text: str) -> int:
            return len(text)

    def full(path: Path, mode: str = "r", *arguments: object) -> object:
        if mode != "x":
            return opened(path, mode, *arguments)  # type: ignore[call-overload]
        if at == "open":
            raise OSError(errno.ENOSPC, "No space left on device")
        opened(path, mode).close()
        return Full()

    with Claims(tmp_path) as run, monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(StoreError, match=r"No space left on device\) at claims/.*: make room and give the same"):
            run.take("a")
    assert list((tmp_path / "claims").iterdir()) == []


def test_the_signs_of_killed_runs_are_swept(dead: str, tmp_path: Path) -> None:
    there, gone = elsewhere(), elsewhere()
    left_by(tmp_path, dead, "a")
    left_by(tmp_path, there, "b")
    left_by(tmp_path, gone, "c", silent_s=2 * 86_400)
    (tmp_path / "claims/notes.txt").touch()
    (tmp_path / "claims/odd-name-here.run").touch()
    sweep(tmp_path)
    assert {path.stem for path in (tmp_path / "claims").glob("*.run")} == {there, "odd-name-here"}


@pytest.mark.parametrize("numbers", [[0], [1], [0, 1], [1, 2], [0, 1, 2, 3]])
def test_the_claims_of_killed_runs_are_swept(numbers: list[int], dead: str, tmp_path: Path) -> None:
    """A run can be killed when what it claimed is done, so that nobody asks for that claim again."""
    for number in numbers:
        left_by(tmp_path, dead, "done", number)
    sweep(tmp_path)
    assert list((tmp_path / "claims").iterdir()) == []


def test_the_claims_of_living_runs_are_not_swept(dead: str, tmp_path: Path) -> None:
    left_by(tmp_path, dead, "a")
    left_by(tmp_path, elsewhere(), "b")
    with Claims(tmp_path) as mine, Claims(tmp_path) as yours:
        assert mine.take("a") and mine.take("c")
        being_written = left_by(tmp_path, "", "d", silent_s=None)
        before = {path: path.read_text() for path in (tmp_path / "claims").iterdir()}
        sweep(tmp_path)
        assert {path: path.read_text() for path in (tmp_path / "claims").iterdir()} == before
        assert being_written in before and not yours.take("a") and not yours.take("b") and not yours.take("c")


def test_waiting_for_the_tables_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(claims_module, "PATIENCE_S", 0)
    caplog.set_level("INFO")
    with Claims(tmp_path) as mine, Claims(tmp_path) as yours:
        assert mine.take("tables")
        threading.Timer(0.2, mine.release, ["tables"]).start()
        with yours.alone("tables"):
            pass
    assert [record.message for record in caplog.records] == [
        f"another run is working on the tables of {tmp_path}: waiting for it"
    ]


def test_a_run_that_lives_is_seen_to_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run touches its `.run` file for machines that cannot see its process."""
    monkeypatch.setattr(claims_module, "TOUCH_S", 0.02)
    with Claims(tmp_path) as run:
        sign = tmp_path / "claims" / f"{run.name}.run"
        os.utime(sign, (1, 1))
        until(lambda: sign.stat().st_mtime > 1)
        sign.unlink()
        until(sign.exists)
    assert not sign.exists()
