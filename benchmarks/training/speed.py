"""Times the whole training loop, its step alone, the loader, and a dataset as people write it, in clips per second."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import cast

import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, default_collate

from benchmarks.training.drawn import Drawn
from benchmarks.training.plain import PlainDataset
from benchmarks.training.setting import Case
from deepfake.data.augment import BasicAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.data.dataset import Batch, ClipDataset
from deepfake.data.loader import AHEAD, IN_USE
from deepfake.models.detector import Detector
from deepfake.schema import Split
from deepfake.threads import one_thread

IN_MEMORY = 4  # batches that are fed to a step in turn


class Stopwatch(pl.Callback):
    """Records when each batch of training has ended.

    Args:
        fill: whether to fill the training clips' cache before the first batch.
    """

    def __init__(self, *, fill: bool) -> None:
        self.fill = fill
        self.times: list[float] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        datamodule: ClipDataModule = trainer.datamodule  # type: ignore[attr-defined]  # Lightning sets it
        if self.fill:
            _fill(datamodule)

    def on_train_batch_end(self, trainer: pl.Trainer, *_: object) -> None:
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())


def _fill(datamodule: ClipDataModule) -> None:
    """Load every clip once, to fill the cache."""
    dataset = datamodule.datasets[Split.TRAIN]
    for index in range(len(dataset)):
        dataset[index]


class FromMemory(ClipDataModule):
    """Repeats the same batches, which need no loading."""

    num_batches: int = 0

    def train_dataloader(self) -> DataLoader[Batch]:
        dataset = self.datasets[Split.TRAIN]
        batches = list(islice(_batches_in_order(dataset, self.batch_size, self.augment.num_draws), IN_MEMORY))
        return _RepeatedBatches(batches, self.num_batches)  # type: ignore[return-value]


class _RepeatedBatches:
    def __init__(self, batches: list[Batch], count: int) -> None:
        self.batches = batches
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Batch]:
        return (dict(self.batches[i % len(self.batches)]) for i in range(self.count))  # type: ignore[misc]


def _batches_in_order(dataset: ClipDataset, batch_size: int, num_draws: int) -> Iterator[Batch]:
    """Yield the batches of a dataset in order, with random draws as in training."""
    for first in range(0, len(dataset) - batch_size + 1, batch_size):
        batch = default_collate([dataset[i] for i in range(first, first + batch_size)])
        yield cast(Batch, {**batch, "draw": torch.rand(batch_size, num_draws)})


def time_loop(case: Case, drawn: Drawn, steps: int, cache: str | None) -> float:
    """Return the clips per second of the whole loop, as `scripts/train.py` runs it, once it is under way.

    The loader is ahead of the model when the loop begins, and has nothing left to do when it ends; neither is measured.

    Args:
        case: the model.
        drawn: what it is trained on.
        steps: number of steps to measure; twice the number of workers, if that is more.
        cache: as `loader.cache`; it is full when the loop begins.
    """
    workers = case.datamodule(drawn, steps).train_dataloader().num_workers
    ahead = workers * AHEAD + IN_USE
    steps = max(steps, 2 * workers)
    datamodule = case.datamodule(drawn, ahead + steps + ahead, cache=cache)
    return case.batch_size / _seconds_a_step(case, datamodule, ahead, steps, fill=cache is not None)


def time_step(case: Case, drawn: Drawn, steps: int) -> float:
    """Return the clips per second of the same loop without loading, but with the device's half of augmentation."""
    options = case.datamodule(drawn, steps)
    datamodule = FromMemory(
        drawn.videos, drawn.store, options.spec, options.augment, 0, batch_size=case.batch_size, num_workers=0
    )
    datamodule.num_batches = 1 + steps
    return case.batch_size / _seconds_a_step(case, datamodule, 1, steps, fill=False)


def _seconds_a_step(case: Case, datamodule: ClipDataModule, ahead: int, steps: int, *, fill: bool) -> float:
    watch = Stopwatch(fill=fill)
    trainer = pl.Trainer(
        accelerator=torch.device(case.device).type,
        devices=1,
        precision=case.precision,  # type: ignore[arg-type]
        max_epochs=1,
        limit_train_batches=ahead + steps,
        limit_val_batches=0,
        gradient_clip_val=case.cfg.trainer.gradient_clip_val,
        logger=False,
        callbacks=[watch],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(case.task(), datamodule)
    return (watch.times[ahead + steps - 1] - watch.times[ahead - 1]) / steps


def time_loader(case: Case, drawn: Drawn, steps: int, cache: str | None) -> tuple[float, float]:
    """Return the clips per second that one core loads, without and with the device's half of augmentation.

    Args:
        case: the model.
        drawn: what is loaded.
        steps: number of batches.
        cache: as `loader.cache`; it is full before the timing starts.
    """
    datamodule = case.datamodule(drawn, steps + 1, num_workers=0, cache=cache)
    datamodule.setup("fit")
    if cache is not None:
        _fill(datamodule)
    loader = iter(datamodule.train_dataloader())
    with one_thread():
        next(loader)
        start = time.perf_counter()
        batches = list(islice(loader, steps))
        loaded = time.perf_counter()
        for batch in batches:
            datamodule.on_after_batch_transfer(batch, 0)
        changed = time.perf_counter()
    num_clips = steps * case.batch_size
    return num_clips / (loaded - start), num_clips / (changed - start)


def time_plain(case: Case, drawn: Drawn, steps: int) -> float:
    """Return the clips per second that one core loads through a plain dataset, with the same frames and changes."""
    augment, detector = case.datamodule(drawn, 1).augment, case.detector()
    changes = (
        {name: getattr(augment, name) for name in ("flip", "colour", "jpeg", "min_quality")}
        if isinstance(augment, BasicAugmentation)
        else {}
    )
    length = detector.spec.clip_length
    clips = [segment[i : i + length] for segment in drawn.segments for i in range(0, len(segment) - length + 1, length)]
    labels = [0] * len(clips)
    dataset = PlainDataset(clips, labels, detector.spec.size, detector.spec.mean, detector.spec.std, **changes)
    loader = iter(DataLoader(dataset, case.batch_size, shuffle=True, generator=torch.Generator().manual_seed(0)))
    steps = min(steps, len(dataset) // case.batch_size - 1)
    with one_thread():
        next(loader)
        start = time.perf_counter()
        num_clips = sum(len(labels) for _, labels in islice(loader, steps))
        return num_clips / (time.perf_counter() - start)


def time_layout(case: Case, steps: int, layout: torch.memory_format) -> tuple[float, float]:
    """Return the clips per second of a training step, and of a forward pass alone, with images in a memory layout."""
    detector = case.detector().to(case.device).to(memory_format=layout)
    spec = detector.spec
    clips = torch.rand(case.batch_size, spec.clip_length, 3, spec.size, spec.size, device=case.device)
    autocast = torch.autocast(torch.device(case.device).type, torch.bfloat16, enabled=case.precision == "bf16-mixed")

    def step() -> None:
        with autocast:
            loss = nn.functional.softplus(_forward(detector, clips, layout)).mean()
        loss.backward()

    def forward() -> None:
        with torch.inference_mode(), autocast:
            _forward(detector, clips, layout)

    found = []
    for work, train in ((step, True), (forward, False)):
        detector.train(train)
        work()
        _wait(case.device)
        start = time.perf_counter()
        for _ in range(steps):
            work()
        _wait(case.device)
        found.append(steps * case.batch_size / (time.perf_counter() - start))
    return found[0], found[1]


def _forward(detector: Detector, clips: torch.Tensor, layout: torch.memory_format) -> torch.Tensor:
    """Do what `Detector.forward` does, but in any memory layout."""
    images = ((clips.flatten(0, 1) - detector.mean) / detector.std).contiguous(memory_format=layout)
    features = detector.backbone(images).unflatten(0, clips.shape[:2])
    return detector.head(detector.temporal(features)).squeeze(1)


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()
