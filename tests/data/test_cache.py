"""A cache changes no bit, is shared by workers, leaves nothing behind, and never serves a partial write."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from deepfake.data import caching
from deepfake.data.cache import Cache, num_bytes
from deepfake.data.caching import give_caches
from deepfake.data.datamodule import ClipDataModule
from deepfake.data.shared import in_file, in_memory
from deepfake.errors import ConfigError, StoreError
from deepfake.schema import Split, Video
from deepfake.store import FaceStore
from tests.data.test_loader import data, equal

SHAPE = (2, 3, 5, 5)


def epochs(module: ClipDataModule) -> list:
    """Return the batches of two epochs of training, each with its validation."""
    train, val, batches = module.train_dataloader(), module.val_dataloader(), []
    for epoch in (0, 1):
        train.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
        batches += [*train, *val]
    return batches


def cache_of(module: ClipDataModule, split: Split) -> Cache:
    cache = module.datasets[split].cache
    assert cache is not None
    return cache


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", ["ram", "disk"])
def test_a_cache_changes_no_bit_and_fills(
    kind: Literal["ram", "disk"], workers: int, noise_videos: list[Video], noise_store: FaceStore
) -> None:
    expected = epochs(data(noise_videos, noise_store, num_workers=0))
    module = data(noise_videos, noise_store, num_workers=workers, cache=kind)
    module.setup("fit")
    assert equal(epochs(module), expected)
    assert cache_of(module, Split.VAL).done.array.all() and cache_of(module, Split.TRAIN).done.array.mean() > 0.5
    assert module.datasets[Split.TEST].cache is None
    cached = module.datasets[Split.VAL]
    cached._read = None  # type: ignore[assignment,method-assign]  # the store is not asked again
    assert [cached[i]["index"].item() for i in range(len(cached))] == [*range(len(cached))]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_kept_cache_serves_the_next_run(
    workers: int,
    noise_videos: list[Video],
    noise_store: FaceStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    expected = epochs(data(noise_videos, noise_store, num_workers=0))
    options = {"cache": "disk", "cache_dir": str(tmp_path / "kept"), "num_workers": workers}
    for _ in range(2):
        module = data(noise_videos, noise_store, **options)
        module.setup("fit")
        assert equal(epochs(module), expected)
        module.teardown("fit")
    assert len(list((tmp_path / "kept").iterdir())) == 2
    found = [int(r.message.partition("; ")[2].split()[0]) for r in caplog.records if "loader.cache=disk" in r.message]
    assert found[0] == 0 < len(module.datasets[Split.VAL]) < found[1]

    other = data(noise_videos, noise_store, **options, eval_clips_per_track=1)
    other.setup("fit")
    assert (cache_of(other, Split.TRAIN).marks > 0).any() and not (cache_of(other, Split.VAL).marks > 0).any()


def test_a_flipped_byte_in_a_kept_cache_is_read_again(
    noise_videos: list[Video], noise_store: FaceStore, tmp_path: Path
) -> None:
    expected = epochs(data(noise_videos, noise_store, num_workers=0))
    options = {"cache": "disk", "cache_dir": tmp_path, "num_workers": 0}
    module = data(noise_videos, noise_store, **options)
    module.setup("fit")
    epochs(module)
    del module
    for path in tmp_path.iterdir():
        content = bytearray(path.read_bytes())
        content[-100] ^= 4
        path.write_bytes(content[:-50])  # the end is missing, too
    module = data(noise_videos, noise_store, **options)
    module.setup("fit")
    assert equal(epochs(module), expected)


@pytest.mark.parametrize("written", ["nothing", "half", "all but its mark"])
def test_a_clip_that_was_not_written_whole_is_never_served(written: str, tmp_path: Path) -> None:
    """The writing process is killed in the middle."""
    script = f"""
import os, signal, torch
from deepfake.data.cache import Cache, num_bytes
from deepfake.data.shared import SharedBytes, in_file
cache = Cache(in_file({str(tmp_path / "x")!r}, num_bytes(3, {SHAPE})), 3, {SHAPE}, {str(tmp_path / "x")!r})
clip = torch.arange(150).to(torch.uint8).view({SHAPE})
cache.put(0, clip)
write = SharedBytes.write
def cut_short(self, offset, content):
    part = {{"nothing": 0, "half": len(content) // 2, "all but its mark": len(content)}}[{written!r}]
    write(self, offset, content[:part])
    os.kill(os.getpid(), signal.SIGKILL)
SharedBytes.write = cut_short
cache.put(1, clip)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script], env=environment).returncode == -signal.SIGKILL
    cache = Cache(in_file(tmp_path / "x", num_bytes(3, SHAPE)), 3, SHAPE, tmp_path / "x")
    clip = torch.arange(150).to(torch.uint8).view(SHAPE)
    first = cache.get(0)
    assert first is not None and torch.equal(first, clip)
    assert cache.get(1) is None and cache.get(2) is None
    cache.put(1, clip + 1)
    second = cache.get(1)
    assert second is not None and torch.equal(second, clip + 1)


def test_what_a_cache_gives_is_a_copy() -> None:
    cache = Cache(in_memory(num_bytes(1, SHAPE)), 1, SHAPE)
    cache.put(0, torch.ones(SHAPE, dtype=torch.uint8))
    for _ in range(2):
        clip = cache.get(0)
        assert clip is not None and (clip == 1).all()
        clip.zero_()


@pytest.mark.parametrize("workers", [0, 2])
def test_nothing_is_left_behind_also_after_an_error(
    workers: int,
    noise_videos: list[Video],
    noise_store: FaceStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    open_files = len(os.listdir("/proc/self/fd"))
    module = data(noise_videos, noise_store, num_workers=workers, cache="disk")
    module.setup("fit")
    assert equal(list(module.val_dataloader()), list(module.val_dataloader()))
    assert not list(tmp_path.iterdir())  # the file has no name even while it is used, so a kill cannot leave it behind
    module.on_exception(RuntimeError())
    assert module.datasets[Split.TRAIN].cache is None
    assert len(os.listdir("/proc/self/fd")) == open_files


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            "ram",
            r"loader.cache=ram takes .* kB for \d+ clips of train, .* in each of 8 processes, and memory has 1 MB",
        ),
        ("disk", r"loader.cache=disk takes .* kB for .* has 1 MB free.*: use loader.cache=null, .*cache_dir=FOLDER"),
    ],
)
def test_what_does_not_fit_is_refused_with_sizes_and_cure(
    kind: Literal["ram", "disk"],
    message: str,
    noise_videos: list[Video],
    noise_store: FaceStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = data(noise_videos, noise_store, num_workers=0, cache=kind)
    usage = type("Usage", (), {"free": 10**6})
    monkeypatch.setattr(caching, "free_memory", lambda: 10**6)
    monkeypatch.setattr(caching.shutil, "disk_usage", lambda _: usage)
    module.setup("fit")  # half a megabyte
    datasets = {str(split): module.datasets[split] for split in (Split.TRAIN, Split.VAL)}
    with pytest.raises(ConfigError, match=message):
        give_caches(datasets, kind, processes=8)


def test_a_kept_cache_needs_only_the_room_that_it_lacks(
    noise_videos: list[Video], noise_store: FaceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data(noise_videos, noise_store, cache="disk", cache_dir=tmp_path).setup("fit")
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(caching.shutil, "disk_usage", lambda _: usage)
    data(noise_videos, noise_store, cache="disk", cache_dir=tmp_path).setup("fit")
    with pytest.raises(ConfigError, match="has 0.01 kB free"):
        data(noise_videos[1:], noise_store, cache="disk", cache_dir=tmp_path).setup("fit")


def test_a_disk_that_fills_up_is_named(tmp_path: Path) -> None:
    cache = Cache(in_file(tmp_path / "x", num_bytes(1, SHAPE)), 1, SHAPE, tmp_path / "x")

    class Full:
        def write(self, offset: int, content: bytes) -> None:
            raise OSError(28, "No space left on device")

    cache.content = Full()  # type: ignore[assignment]
    with pytest.raises(StoreError, match=r"/x, cannot be written \(No space left .*loader.cache=null"):
        cache.put(0, torch.zeros(SHAPE, dtype=torch.uint8))


def test_options_that_do_not_fit_together_are_refused(noise_videos: list[Video], noise_store: FaceStore) -> None:
    for options, message in (
        ({"cache": "gpu"}, "loader.cache is 'gpu': choose one of ram, disk, or null"),
        ({"cache": "ram", "cache_dir": "x"}, "loader.cache_dir=x is for loader.cache=disk, and loader.cache is ram"),
        ({"cache_dir": "x"}, "and loader.cache is null"),
    ):
        with pytest.raises(ConfigError, match=message):
            data(noise_videos, noise_store, **options)


def test_marks_are_where_an_earlier_run_put_them(tmp_path: Path) -> None:
    """The layout of a kept file is fixed: a mark for each clip, then the clips."""
    cache = Cache(in_file(tmp_path / "x", num_bytes(2, SHAPE)), 2, SHAPE, tmp_path / "x")
    cache.put(1, torch.full(SHAPE, 9, dtype=torch.uint8))
    content = (tmp_path / "x").read_bytes()
    assert len(content) == 2 * 8 + 2 * 150 and content[-150:] == bytes([9]) * 150
    marks = np.frombuffer(content[:16], np.uint64)
    assert marks[0] == 0 and marks[1] >> 32 == 1


def test_a_cache_of_another_model_is_another_file(
    noise_videos: list[Video], noise_store: FaceStore, tmp_path: Path
) -> None:
    module = data(noise_videos, noise_store, cache="disk", cache_dir=tmp_path)
    module.setup("fit")
    smaller = ClipDataModule(
        noise_videos, noise_store, replace(module.spec, size=20), module.augment, 0, cache="disk", cache_dir=tmp_path
    )
    smaller.setup("fit")
    assert len(list(tmp_path.iterdir())) == 4
