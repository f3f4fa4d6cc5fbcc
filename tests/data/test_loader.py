"""The number of loader processes, which does not change a bit of the batches."""

import logging
from dataclasses import replace

import pytest
import torch

from deepfake.data.augment import BasicAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.data.dataset import Batch
from deepfake.data.loader import Batches, choose_workers, clip_loader, log_workers
from deepfake.data.machine import Machine
from deepfake.errors import ConfigError
from deepfake.faces.server import worker_context
from deepfake.schema import Split, Video
from deepfake.store import FaceStore
from tests.data.conftest import SPEC

MACHINE = Machine(cores=8, memory=10**11, shared_memory=10**11)
BATCHES = Batches(num_bytes=10**7, size=32, count=1000)


@pytest.mark.parametrize(
    ("machine", "batches", "expected"),
    [
        (MACHINE, BATCHES, 8),
        (replace(MACHINE, cores=128), BATCHES, 16),
        (replace(MACHINE, memory=2 * 10**9), BATCHES, 2),  # half of the memory, 420 MB for each worker
        (MACHINE, replace(BATCHES, count=3), 3),
        (replace(MACHINE, shared_memory=None), BATCHES, 8),
        (replace(MACHINE, shared_memory=64 * 10**6), replace(BATCHES, num_bytes=10**6), 8),
    ],
)
def test_workers_go_by_cores_memory_and_work(
    machine: Machine, batches: Batches, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert choose_workers(None, batches, machine) == expected
    assert not caplog.records


def test_fewer_workers_where_their_batches_do_not_fit(caplog: pytest.LogCaptureFixture) -> None:
    small = replace(MACHINE, shared_memory=64 * 10**6)
    assert choose_workers(None, BATCHES, small) == 1  # 4 batches of 10 MB
    assert "only 1 workers load, not 8: they keep up to 18 batches of 10 MB in /dev/shm" in caplog.text
    assert choose_workers(None, replace(BATCHES, num_bytes=5 * 10**7), small) == 0


def test_workers_that_were_asked_for_are_refused_where_their_batches_do_not_fit() -> None:
    small = replace(MACHINE, shared_memory=64 * 10**6)
    with pytest.raises(ConfigError) as refused:
        choose_workers(4, BATCHES, small)
    message = str(refused.value)
    for part in (
        "loader.num_workers=4: they keep up to 10 batches of 10 MB in /dev/shm (2 that each of 4 prepares, and 2 in",
        "100 MB in all, and it has 64 MB free",
        "use loader.num_workers=1 or loader.batch_size=18, or a container with docker run --shm-size=1g",
    ):
        assert part in message
    assert choose_workers(1, BATCHES, small) == 1
    assert choose_workers(4, replace(BATCHES, num_bytes=18 * 312_500), small) == 4  # the suggested cure works
    assert choose_workers(4, replace(BATCHES, count=2), small) == 4  # so few batches that all of them fit
    assert choose_workers(0, replace(BATCHES, num_bytes=10**12), small) == 0  # no batch passes through shared memory


def data(videos: list[Video], store: FaceStore, **options: object) -> ClipDataModule:
    spec = replace(SPEC, clip_length=2, size=24)
    options = {"batch_size": 5, "clips_per_video": 4, **options}
    return ClipDataModule(videos, store, spec, BasicAugmentation(), 0, **options)  # type: ignore[arg-type]


def equal(ours: list[Batch], theirs: list[Batch]) -> bool:
    assert len(ours) == len(theirs) > 1
    return all(
        a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)  # type: ignore[literal-required]
        for a, b in zip(ours, theirs, strict=True)
    )


def test_another_number_of_workers_changes_no_bit(noise_videos: list[Video], noise_store: FaceStore) -> None:
    epochs = []
    for workers in (0, 1, 2):
        module = data(noise_videos, noise_store, num_workers=workers)
        train = module.train_dataloader()
        batches = list(train)
        train.sampler.set_epoch(1)  # type: ignore[attr-defined]
        batches += list(train)
        batches += [*module.val_dataloader()]
        epochs.append([module.on_after_batch_transfer(batch, 0) for batch in batches] + batches)
    assert epochs[0][0]["draw"].shape == (5, 6)
    assert equal(epochs[0], epochs[1]) and equal(epochs[0], epochs[2])


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_fresh_workers_load_the_same(method: str, noise_videos: list[Video], noise_store: FaceStore) -> None:
    worker_context()  # all tests share the server; without its libraries every later worker would be slow
    module = data(noise_videos, noise_store, num_workers=0, cache="ram")
    expected = list(module.train_dataloader())
    module.setup("fit")
    loader = clip_loader(module.datasets[Split.TRAIN], 5, 2, module.train_dataloader().sampler)  # type: ignore[arg-type]
    loader.multiprocessing_context = method
    assert equal(list(loader), expected)
    cache = module.datasets[Split.TRAIN].cache
    assert cache is not None and cache.done.array.any()  # all processes see what the workers wrote
    assert equal(list(module.train_dataloader()), expected)


def test_the_choice_of_workers_is_said_once(
    noise_videos: list[Video], noise_store: FaceStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    module = data(noise_videos, noise_store)
    module.train_dataloader()
    module.val_dataloader()
    assert [record.message.partition(",")[0] for record in caplog.records if "num_workers" in record.message] == [
        f"loader.num_workers={module.train_dataloader().num_workers}"
    ]
    log_workers(data(noise_videos, noise_store, num_workers=0).val_dataloader(), 0)
    assert caplog.records[-1].message == "loader.num_workers=0, as asked"


def test_loading_takes_nothing_from_the_global_generator(noise_videos: list[Video], noise_store: FaceStore) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    list(data(noise_videos, noise_store, num_workers=0).train_dataloader())
    assert torch.equal(torch.rand(3), expected)


def test_a_loader_with_workers_loads_the_epoch_that_it_was_told_of_last(
    noise_videos: list[Video], noise_store: FaceStore
) -> None:
    """As in Lightning, the iterator is made before the epoch is set."""
    loaded = {}
    for num_workers in (0, 2):
        data = ClipDataModule(
            noise_videos, noise_store, SPEC, BasicAugmentation(), 0, batch_size=3, num_workers=num_workers
        )
        loader = data.train_dataloader()
        epochs = []
        for epoch in (5, 6):
            iterator = iter(loader)
            loader.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
            epochs.append(torch.cat([batch["index"] for batch in iterator]).tolist())
        loaded[num_workers] = epochs
    assert loaded[0] == loaded[2] and loaded[0][0] != loaded[0][1]
