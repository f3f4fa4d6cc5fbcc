"""What every RetinaFace shares: frames in batches, one pass each, its answer decoded and overlapping faces merged.

The library's own `predict_jsons` takes one image a call and builds its priors in a Python loop (49 ms a frame at 960
px). Here frames are stacked in batches, and the priors of a frame size are computed once.

Source: Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in the Wild"; retinaface-pytorch 0.0.8,
`predict_single.Model`, whose resize, priors and thresholds are kept.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.ops import batched_nms

from deepfake.faces.finders.finder import Faces

VARIANCES = (0.1, 0.2)
STEPS = (8, 16, 32)
MIN_SIZES = ((16, 32), (64, 128), (256, 512))


@torch.inference_mode()
def find_in_batches(
    network: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]],
    frames: np.ndarray,
    *,
    device: torch.device,
    scale: float,
    min_score: float,
    nms_iou: float,
    batch_size: int,
) -> list[Faces]:
    """Find every face.

    Args:
        network: (B, 3, H, W) float RGB in [0, 255], not yet normalised -> what is regressed at P priors: boxes
            (B, P, 4), logits of no face and face (B, P, 2), landmarks (B, P, 10).
        frames: (T, H, W, 3) uint8 RGB.
        device: where the network runs.
        scale: frames are resized by this factor; boxes come back in the frame's own pixels.
        min_score: faces below are dropped before overlapping ones are merged.
        nms_iou: of two boxes that overlap by more than this, the one with the lower score goes.
        batch_size: frames in one pass.

    Returns:
        T entries; within one, by falling score; boxes end at the border of the frame.
    """
    found: list[Faces] = []
    for batch in torch.from_numpy(frames).split(batch_size):
        images = torch.cat([_resized(frame.to(device), scale) for frame in batch])
        height, width = images.shape[2:]
        regressed, classified, marked = (x.float() for x in network(images))
        scores = classified.softmax(-1)[..., 1]
        frame, prior = torch.where(scores > min_score)
        priors = prior_boxes(height, width).to(device)[prior]
        whole = torch.tensor([width, height], device=device, dtype=torch.float) / scale
        boxes = _boxes_at(priors, regressed[frame, prior]) * whole.repeat(2)
        marks = _points_at(priors, marked[frame, prior]) * whole
        kept = scores[frame, prior]
        keep = batched_nms(boxes, kept, frame, nms_iou)
        boxes = boxes.clamp(min=0).minimum(whole.repeat(2))  # not before: the library merges what it regressed
        keep = keep[frame[keep].argsort(stable=True)]  # by frame; within one, by falling score
        ends = frame[keep].bincount(minlength=len(images)).cumsum(0).tolist()
        columns = [x[keep].cpu().numpy() for x in (boxes, kept, marks)]
        found += [Faces(*(c[start:end] for c in columns)) for start, end in pairwise([0, *ends])]
    return found


def _boxes_at(priors: Tensor, regressed: Tensor) -> Tensor:
    """(N, 4) priors and (N, 4) shifts of the centre and logarithms of growth -> (N, 4) x0, y0, x1, y1."""
    centres = priors[:, :2] + regressed[:, :2] * VARIANCES[0] * priors[:, 2:]
    sizes = priors[:, 2:] * torch.exp(regressed[:, 2:] * VARIANCES[1])
    starts = centres - sizes / 2
    return torch.cat([starts, sizes + starts], dim=1)


def _points_at(priors: Tensor, regressed: Tensor) -> Tensor:
    """(N, 4) priors and (N, 10) shifts from their centres -> (N, 5, 2) x, y."""
    shifts = regressed.view(-1, 5, 2)
    return priors[:, None, :2] + shifts * VARIANCES[0] * priors[:, None, 2:]


def _resized(frame: Tensor, scale: float) -> Tensor:
    """(H, W, 3) -> (1, 3, H', W') float; one at a time, since in floats a 4K frame takes 100 MB."""
    image = frame.permute(2, 0, 1)[None].float()
    if scale == 1:
        return image
    size = [round(side * scale) for side in frame.shape[:2]]
    return interpolate(image, size, mode="bilinear", align_corners=False)


@cache
def prior_boxes(height: int, width: int) -> Tensor:
    """Anchor boxes of all three levels, row by row, two at each place.

    Returns:
        (P, 4) centre x, centre y, width, height, as fractions of the image.

    Source: `retinaface.prior_box.priorbox`, whose values it equals.
    """
    levels = []
    for step, sizes in zip(STEPS, MIN_SIZES, strict=True):
        rows, columns = -(-height // step), -(-width // step)
        y = (torch.arange(rows) + 0.5) * step / height
        x = (torch.arange(columns) + 0.5) * step / width
        side = torch.tensor(sizes, dtype=torch.float)
        grid = torch.meshgrid(y, x, side, indexing="ij")
        levels.append(torch.stack([grid[1], grid[0], grid[2] / width, grid[2] / height], dim=-1).view(-1, 4))
    return torch.cat(levels)
