"""The blur and compression of what a detector is trained on, for its card: what is unlike it is told from it there."""

import logging
from typing import Any

import numpy as np
from torch.utils.data import default_collate

from deepfake.data.clips import spread
from deepfake.data.datamodule import ClipDataModule
from deepfake.data.dataset import Draw
from deepfake.progress import progress
from deepfake.schema import Split
from deepfake.texture import crop_blocks, grey, sharpness

log = logging.getLogger(__name__)
MOST, FEWEST = 256, 20  # clips that are measured, each of another video
BEYOND = 0.01  # the share of them that is more blurred, or compressed, than what the card says


def quality_card(datamodule: ClipDataModule) -> dict[str, Any] | None:
    """Measure the middle frames of training clips.

    Returns:
        `clips`, how many were measured; `sharpness`, as `deepfake.texture.sharpness` has it, of what the detector sees
        with its augmentation, which 99 % of them have or surpass; `block_grid`, as `deepfake.texture.block_grid` has
        it, of the stored crops, which 99 % of them do not surpass. Augmentation compresses what is cut and resized,
        whose blocks are not those of a file; None if fewer than `FEWEST` crops are large enough. None for all if fewer
        than `FEWEST` videos can be measured.
    """
    dataset = datamodule.datasets[Split.TRAIN]
    counts, middle = dataset.clips.counts(), dataset.spec.clip_length // 2
    videos = np.flatnonzero(counts)
    first = (np.cumsum(counts) - counts)[videos]
    clips = first[spread(np.array([len(videos)]), MOST)]
    found = []
    for number, index in enumerate(progress(clips.tolist(), "measuring blur", "clips", total=len(clips), delay=1)):
        blend = dataset.augment.makes_fakes and bool(number % 2)
        batch = default_collate([dataset[Draw(index, seed=index, blend=blend)]])
        seen = datamodule.on_after_batch_transfer(batch, 0)["clip"][0, middle]
        stored, _ = dataset.frame(index, middle)
        found.append((sharpness(grey(seen.permute(1, 2, 0).numpy() * 255)), crop_blocks(stored)))
    values = np.array(found).reshape(-1, 2)
    sharp, blocks = (column[np.isfinite(column)] for column in values.T)
    if len(sharp) < FEWEST:
        log.info("blur and compression of training clips are not noted, since fewer than %d videos have any", FEWEST)
        return None
    log.info("noted for predictions: the blur and compression of %d training clips, each of another video", len(sharp))
    low = float(np.quantile(sharp, BEYOND, method="lower"))
    high = float(np.quantile(blocks, 1 - BEYOND, method="higher")) if len(blocks) >= FEWEST else None
    return {"clips": len(sharp), "sharpness": low, "block_grid": high}
