"""The check of a heat map: does the score depend on the marked place more than on others of the same size?

The marked tenth of each frame is blurred, and the logit's change is compared with the changes when the same shape is
blurred elsewhere. Either direction counts: where a detector finds a forgery by its lack of detail, as on the demo, a
blur of the forged place raises the score. `MapCheck.falls` tells the direction.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from deepfake.explain.hiding import hidden
from deepfake.models.detector import Detector
from deepfake.scoring import clip_logits, clip_scores

_STEPS = 8  # controls are shifted by multiples of an eighth of the side
_NEEDED = 0.95  # share of the controls that the marked place must surpass


@dataclass(frozen=True, slots=True)
class MapCheck:
    """What became of a clip's score when places were blurred.

    Attributes:
        score: P(fake) of the clip as it is.
        hidden_score: when the marked place is blurred in every frame.
        control_scores: when the same shape is blurred at other places; empty if the map marks nothing.
        surpassed: share of the controls that change the logit less than the marked place does.
    """

    score: float
    hidden_score: float
    control_scores: tuple[float, ...]
    surpassed: float

    @property
    def passes(self) -> bool:
        """Whether the marked place changes the logit more than 95 % of the controls do."""
        return self.surpassed >= _NEEDED

    @property
    def falls(self) -> bool:
        """Whether the score is lower when the marked place is blurred."""
        return self.hidden_score < self.score


@torch.inference_mode()
def check_map(
    detector: Detector, clip: Tensor, heat_map: Tensor, share: float = 0.1, *, num_controls: int = 20, seed: int = 0
) -> MapCheck:
    """Check the heat map of one clip.

    A map explains evidence of a fake. The map of a clip that is scored real is checked in the same way, and shows on
    which place its low score depends.

    Args:
        detector: in eval mode.
        clip: (T, 3, S, S) in [0, 1], on the detector's device.
        heat_map: (T, S, S) in [0, 1].
        share: share of each frame that counts as marked, where the map is highest.
        num_controls: how many other places are tried.
        seed: of the choice of these places.

    Raises:
        ValueError: `share` is not between 0 and 0.5, or there are not 1 to 63 controls.
    """
    if not 0 < share <= 0.5 or not 0 < num_controls < _STEPS**2:
        raise ValueError(f"share={share}, num_controls={num_controls}: need above 0 to 0.5, and 1 to {_STEPS**2 - 1}")
    unchanged = clip_logits(detector, clip[None])
    if not heat_map.any():
        score = clip_scores(unchanged).item()
        return MapCheck(score, score, (), 0.0)
    place = marked(heat_map, share)
    places = [place, *_controls(place, num_controls, seed)]
    logits = torch.cat([clip_logits(detector, hidden(clip, place)[None]) for place in places])
    changes = (logits - unchanged).abs()
    scores = clip_scores(torch.cat([unchanged, logits])).tolist()
    surpassed = (changes[1:] < changes[0]).double().mean().item()
    return MapCheck(scores[0], scores[1], tuple(scores[2:]), surpassed)


def marked(heat_map: Tensor, share: float) -> Tensor:
    """Return where each frame's map is highest, on `share` of its pixels: (T, S, S) -> (T, S, S) bool."""
    flat = heat_map.flatten(1)
    count = max(1, round(share * flat.shape[1]))
    order = flat.argsort(dim=1, descending=True, stable=True)[:, :count]
    return torch.zeros_like(flat, dtype=torch.bool).scatter_(1, order, True).view_as(heat_map)


def _controls(place: Tensor, count: int, seed: int) -> list[Tensor]:
    """Shift a place (T, S, S) around the borders, to where it covers at most half of itself if it can."""
    step = place.shape[-1] / _STEPS
    places = [
        place.roll((round(down * step), round(right * step)), (1, 2))
        for down in range(_STEPS)
        for right in range(_STEPS)
        if down or right
    ]
    overlap = torch.stack([(other & place).sum() for other in places]) / place.sum()
    apart = torch.nonzero(overlap <= max(0.5, overlap.sort().values[count - 1].item()))[:, 0].cpu()
    order = torch.randperm(len(apart), generator=torch.Generator().manual_seed(seed))[:count]
    return [places[index] for index in apart[order].tolist()]
