"""Does an exported file score as the detector that it was made from?"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle, islice

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from deepfake.demo.design import DemoDesign, plan
from deepfake.demo.shoot import frames
from deepfake.errors import ExportError
from deepfake.models.detector import Detector
from deepfake.schema import ClipSpec

BATCHES = 1, 2, 5  # one clip, and more than a program was traced with


@torch.inference_mode()
def require_agreement(detector: Detector, exported: Callable[[Tensor], Tensor], limit: float, what: str) -> float:
    """Stop unless two networks give every clip the same logit, in batches of 1, 2 and 5.

    Args:
        detector: the original, in eval mode on the CPU.
        exported: what was made of it.
        limit: the largest difference of two logits that is allowed.
        what: the exported file, for the message.

    Returns:
        The largest difference that there was.

    Raises:
        ExportError: a logit differs by more, or is no finite number.
    """
    worst = 0.0
    for clips in trial_batches(detector.spec):
        ours, theirs = detector(clips), exported(clips)
        if theirs.shape != ours.shape or not ours.isfinite().all():
            raise ExportError(
                f"{what} cannot be compared: the checkpoint gives {_shown(ours)} for {len(clips)} clips, and the file "
                f"{_shown(theirs)}: nothing was written; use another checkpoint or format"
            )
        worst = max(worst, (ours - theirs).abs().nan_to_num(torch.inf).max().item())
    if worst > limit:
        raise ExportError(
            f"{what} disagrees with the checkpoint: a logit differs by {worst:.2g}, where {limit:g} is allowed: "
            "nothing was written; use format=safetensors, or other releases of torch and onnxruntime"
        )
    return worst


def trial_batches(spec: ClipSpec) -> list[Tensor]:
    """Return batches of 1, 2 and 5 clips (B, T, 3, S, S) in [0, 1], by turns a drawn person who moves, and noise."""
    random = torch.Generator().manual_seed(0)
    shape = spec.clip_length, 3, spec.size, spec.size
    people = _people(spec)
    clips = (torch.rand(shape, generator=random) if number % 2 else next(people) for number in range(sum(BATCHES)))
    return [torch.stack([*islice(clips, size)]) for size in BATCHES]


def _people(spec: ClipSpec) -> Iterator[Tensor]:
    """Yield clips of two drawn people without end."""
    found = []
    for pictures in _painted():
        whole = torch.stack([*islice(cycle(pictures), spec.clip_length)])
        resized = interpolate(whole, (spec.size, spec.size), mode="bilinear", antialias=True, align_corners=False)
        found.append(resized.clamp(0, 1))
    return cycle(found)


@cache
def _painted() -> list[Tensor]:
    """Return for each of two people some frames in a row (N, 3, H, H) in [0, 1], as wide as they are high."""
    design = DemoDesign(num_people=6, min_seconds=0.32, max_seconds=0.32, extras=False)
    found = []
    for take in plan(design)[:2]:
        shown = [pictures[-1] for pictures in frames(design, take)]  # of several files the last, which is a fake
        left = (design.width - design.height) // 2
        square = torch.from_numpy(np.stack(shown))[:, :, left : left + design.height]
        found.append(square.permute(0, 3, 1, 2) / 255)
    return found


def _shown(logits: Tensor) -> str:
    return f"{logits.tolist()}" if logits.isfinite().all() else "logits that are not finite"
