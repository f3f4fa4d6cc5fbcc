"""The only LightningModule: it gives a detector its loss, optimizer, metrics and the card in its checkpoint."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from deepfake.data.dataset import Batch
from deepfake.errors import TrainingError
from deepfake.losses.feature_loss import FeatureLoss
from deepfake.metrics.binary import NAMES
from deepfake.metrics.clip_scores import ClipScores
from deepfake.models.detector import Detector
from deepfake.models.digest import digest
from deepfake.optim.rates import Rates
from deepfake.optim.sam import Sam, average_gradients, still_statistics
from deepfake.scoring import clip_logits, clip_scores, score_levels

# What a callback may watch while training.
LOGGED = (
    *("train/loss", "train/loss_step", "train/loss_epoch"),
    *(f"val/{level}/{name}" for level in ("clip", "video") for name in NAMES),
)
CARD = "deepfake"  # the key in a checkpoint that holds everything Lightning does not store itself

_STATES = ("state_dict", "current_model_state")  # the second beside a running mean, `callbacks=ema`
_NEVER = torch.iinfo(torch.long).max
_LOOK_EVERY = 20  # steps
_CURES = "lower optimizer.lr, set trainer.gradient_clip_val=1.0, or train in full precision, trainer.precision=32-true"


class DetectorTask(pl.LightningModule):
    """Trains and tests a detector.

    Args:
        detector: clips (B, T, 3, S, S) in [0, 1] -> logits (B,).
        loss: logits (B,) and labels (B,) -> loss; a `FeatureLoss` is given the head's features (B, F') first.
        optimizer: parameters -> optimizer.
        scheduler: optimizer -> schedule, moved as `deepfake.schedules` says.
        seed: the run's seed. Each epoch is seeded from it and the epoch's number, so a resumed run repeats what the
            uninterrupted run would have done.
        card: plain data that goes into every checkpoint, from which the detector can be rebuilt.
        rates: how the backbone's learning rate differs.
    """

    def __init__(
        self,
        detector: Detector,
        loss: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        seed: int,
        card: Mapping[str, Any],
        rates: Rates | None = None,
    ) -> None:
        super().__init__()
        self.detector = detector
        self.loss = loss
        self.make_optimizer = optimizer
        self.make_scheduler = scheduler
        self.seed = seed
        self.card = dict(card)
        self.rates = rates or Rates()
        self._repeated: list[Batch] | None = None  # batches of the current step, if its gradient is taken twice
        self.val_scores = ClipScores()
        self.test_scores = ClipScores()
        self.test_rows: dict[str, np.ndarray] = {}  # one row for each clip of the latest test
        self._diverged: Tensor | None = None  # the first step whose loss was NaN or infinite, or `_NEVER`
        self.scored: dict[str, np.ndarray] = {}  # split -> numbers of the videos that its latest run scored
        self.measured: dict[str, float] = {}  # latest value of each metric, in double precision unlike the logger's

    def forward(self, clips: Tensor) -> Tensor:
        return self.detector(clips)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.rates.optimizer(self.make_optimizer, self.detector)
        if isinstance(optimizer, Sam):
            self._repeated = []
            optimizer.again = lambda: self._again(optimizer)
        by = getattr(self.make_scheduler, "keywords", {}).get("by")
        known = {"steps_per_epoch": self._steps_per_epoch() if by == "step" else 1} if by else {}
        scheduler = self.make_scheduler(optimizer, **known)
        config: dict[str, Any] = {"scheduler": scheduler, "interval": by or "epoch"}
        if isinstance(scheduler, ReduceLROnPlateau):
            config["monitor"] = getattr(scheduler, "monitor", "val/video/log_loss")
        return {"optimizer": optimizer, "lr_scheduler": config}  # type: ignore[return-value]

    def _steps_per_epoch(self) -> int:
        self.trainer.fit_loop.setup_data()
        return math.ceil(self.trainer.num_training_batches / self.trainer.accumulate_grad_batches)

    def on_train_epoch_start(self) -> None:
        if self.rates.frozen_epochs:
            self.detector.freeze_backbone(self.current_epoch < self.rates.frozen_epochs)
        entropy = np.random.SeedSequence([self.seed, self.current_epoch, self.global_rank])
        torch.manual_seed(int(entropy.generate_state(1)[0]))  # dropout

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        if self._repeated is not None:
            self._repeated.append(batch)
        loss = self._loss(batch)
        self._watch(loss.detach())
        size = len(batch["label"])
        self.log("train/loss", loss, prog_bar=True, on_step=True, on_epoch=True, batch_size=size, sync_dist=True)
        return loss

    def _loss(self, batch: Batch) -> Tensor:
        loss: Tensor
        if isinstance(self.loss, FeatureLoss):
            features = self.detector.features(batch["clip"])
            loss = self.loss(features, self.detector.logits(features), batch["label"])
        else:
            loss = self.loss(self(batch["clip"]), batch["label"])
        return loss

    def _again(self, optimizer: Sam) -> None:
        """Add the gradients of the step's batches once more: clipped, and without a trace in BatchNorm's statistics."""
        assert self._repeated is not None
        batches, self._repeated[:] = [*self._repeated], []
        with still_statistics(self.detector):
            for batch in batches:
                with self.trainer.precision_plugin.train_step_context():
                    loss = self._loss(batch) / self.trainer.accumulate_grad_batches
                loss.backward()  # past DDP, which expects one backward pass for each of its forward passes
        if self.trainer.world_size > 1:
            average_gradients(optimizer)
        if limit := self.trainer.gradient_clip_val:
            self.clip_gradients(optimizer, limit, self.trainer.gradient_clip_algorithm or "norm")

    def _watch(self, loss: Tensor) -> None:
        """End training if the loss is NaN or infinite, and name the first step where it was.

        Each look makes a GPU wait, so there the loss is checked every `_LOOK_EVERY` steps and at the end of an epoch.
        """
        step = torch.full_like(loss, self.global_step, dtype=torch.long)
        now = torch.where(loss.isfinite(), _NEVER, step)
        self._diverged = now if self._diverged is None else torch.minimum(self._diverged, now)
        if loss.device.type == "cpu" or self.global_step % _LOOK_EVERY == 0:
            self._require_loss()

    def _require_loss(self) -> None:
        first = _NEVER if self._diverged is None else int(self._diverged)
        if first != _NEVER:
            raise TrainingError(
                f"the loss is NaN or infinite in epoch {self.current_epoch + 1}, step {first}: training diverged; "
                f"{_CURES}"
            )

    def on_train_epoch_end(self) -> None:
        self._require_loss()

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        self._score(self.val_scores, batch)

    def test_step(self, batch: Batch, batch_index: int) -> None:
        self._score(self.test_scores, batch)

    def on_validation_epoch_end(self) -> None:
        self._report("val", self._rows(self.val_scores))
        self.val_scores.reset()

    def on_test_epoch_end(self) -> None:
        self.test_rows = self._rows(self.test_scores)
        self._report("test", self.test_rows)
        self.test_scores.reset()

    @staticmethod
    def _rows(scores: ClipScores) -> dict[str, np.ndarray]:
        """Return the columns of `ClipScores` and `score`, one row for each clip, by index."""
        rows = scores.compute()
        return {name: column.numpy() for name, column in {**rows, "score": clip_scores(rows["logit"])}.items()}

    def _score(self, scores: ClipScores, batch: Batch) -> None:
        logits = clip_logits(self.detector, batch["clip"])
        scores.update(batch["index"], batch["video"], batch["track"], batch["label"], logits)

    def _report(self, split: str, rows: dict[str, np.ndarray]) -> None:
        if not np.isfinite(rows["score"]).all():
            raise TrainingError(
                f"{split} scores are NaN or infinite in epoch {self.current_epoch + 1}: training diverged; {_CURES}"
            )
        aggregate = self.card.get("scoring", {}).get("aggregate", "mean")
        numbers = score_levels(rows["video"], rows["track"], rows["label"], rows["score"], aggregate)
        self.scored[split] = np.unique(rows["video"])
        self.measured |= {f"{split}/{name}": value for name, value in numbers.items()}
        for name, value in numbers.items():
            # Every process has all rows, so the values agree without a sync.
            self.log(f"{split}/{name}", value, prog_bar=name == "video/auc", sync_dist=False)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if self.card.get("rest"):
            fixed = {f"detector.{name}" for name in self.detector.fixed}
            for kind in _STATES:
                if kind in checkpoint:
                    checkpoint[kind] = {name: value for name, value in checkpoint[kind].items() if name not in fixed}
        checkpoint[CARD] = {**self.card, "digest": digest(checkpoint["state_dict"])}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the frozen weights that a small checkpoint leaves out, and this detector has."""
        if self.card.get("rest"):
            own = self.detector.state_dict()
            rest = {f"detector.{name}": own[name] for name in self.detector.fixed}
            checkpoint.update({kind: {**rest, **checkpoint[kind]} for kind in _STATES if kind in checkpoint})
