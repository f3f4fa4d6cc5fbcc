"""A picture of self-blended images, so that a person sees what a run takes for a fake: `sbi.png`."""

import io
import logging
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from deepfake.atomic import write_atomic
from deepfake.data.augment import Sample, SbiAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.report.lettering import Lettering
from deepfake.report.palette import INK, PAPER
from deepfake.schema import Split
from deepfake.threads import one_thread

log = logging.getLogger(__name__)
NUM_SHOWN = 8
SIDE, GAP, LETTERS = 192, 4, 16  # of a face, between two faces, and of the words, in pixels
WORDS = "Self-blended images of the first epoch: each column is a real, the mask of its blend (white: 1), and the blend"


def write_blends(datamodule: ClipDataModule, path: Path) -> None:
    """Draw the first frames of eight pairs of the first epoch: the real on top, the mask, the blend.

    Args:
        datamodule: its augmentation is a `SbiAugmentation`.
        path: the PNG file.
    """
    columns = blends(datamodule, NUM_SHOWN)
    step, top = SIDE + GAP, 2 * LETTERS
    letters = Lettering(LETTERS)
    width = max(len(columns) * step + GAP, round(letters.length(WORDS)) + 2 * GAP)
    sheet = Image.new("RGB", (width, top + 3 * step + GAP), PAPER)
    letters.write(ImageDraw.Draw(sheet), (GAP, 1.4 * LETTERS), WORDS, INK)
    for column, tiles in enumerate(columns):
        for row, tile in enumerate(tiles):
            face = Image.fromarray(tile).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            sheet.paste(face, (GAP + column * step, top + row * step))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    write_atomic(path, buffer.getvalue())
    log.info("self-blended images: %s", path)


def blends(datamodule: ClipDataModule, count: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return real, mask and blend, each (S, S, 3) uint8, of the first pairs of the first epoch."""
    dataset, augment = datamodule.datasets[Split.TRAIN], datamodule.augment
    assert isinstance(augment, SbiAugmentation) and dataset.landmarks is not None
    found = []
    for draw in [draw for draw in islice(datamodule.train_sampler(), 2 * count) if draw.blend]:
        clip, landmarks = dataset.kept(draw.index)
        made = []
        for blend in (False, True):
            generator = torch.Generator().manual_seed(draw.seed)
            with one_thread():  # as the dataset does
                made.append(augment.make(clip, Sample(torch.empty(0), generator, landmarks, blend)))
        real, (fake, mask) = made[0].clip, made[1]
        assert mask is not None
        shown = (real[0], (mask[0] * 255).round().to(torch.uint8).expand(3, -1, -1), fake[0])
        found.append(tuple(np.ascontiguousarray(tile.permute(1, 2, 0).numpy()) for tile in shown))
    return found  # type: ignore[return-value]
