"""The scores of an epoch, from every process, each clip once; metrics at clip and at video level."""

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from deepfake.metrics.binary import binary_metrics, group_means


class ClipScores(Metric):
    """Collects one row a clip. Under DDP, Lightning pads the sampler with repeated clips; here each counts once."""

    full_state_update = False
    index: list[Tensor]
    video: list[Tensor]
    label: list[Tensor]
    logit: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        for name in ("index", "video", "label", "logit"):
            self.add_state(name, [], dist_reduce_fx="cat")

    def update(self, index: Tensor, video: Tensor, label: Tensor, logit: Tensor) -> None:
        """Add clips.

        Args:
            index: (B,) the clip's row in its table.
            video: (B,) a number for each video, never shared by two.
            label: (B,) 0 real, 1 fake.
            logit: (B,) of P(fake).
        """
        self.index.append(index)
        self.video.append(video)
        self.label.append(label.long())
        self.logit.append(logit.float())

    def compute(self) -> dict[str, Tensor]:
        """All clips, by index, on the CPU: `index`, `video`, `label`, `score` in [0, 1], each (N,).

        The sigmoid is in double precision: in single, a logit above 17 is a score of exactly 1.
        """
        columns = {name: dim_zero_cat(getattr(self, name)).cpu() for name in ("index", "video", "label")}
        columns["score"] = dim_zero_cat(self.logit).cpu().double().sigmoid()
        order = columns["index"].argsort(stable=True)
        index = columns["index"][order]
        first = torch.ones_like(index, dtype=torch.bool)
        first[1:] = index[1:] != index[:-1]
        return {name: column[order][first] for name, column in columns.items()}


def score_levels(video: Tensor, label: Tensor, score: Tensor) -> dict[str, float]:
    """Every metric at both levels: `clip/auc`, `video/auc`, ...

    A video's score is the mean of its clips' scores; its key is the video itself, so two videos of one name in
    different folders stay two.
    """
    _, video_score = group_means(score, video)
    _, video_label = group_means(label, video)
    levels = {"clip": binary_metrics(score, label), "video": binary_metrics(video_score, video_label)}
    return {f"{level}/{name}": value for level, numbers in levels.items() for name, value in numbers.items()}
