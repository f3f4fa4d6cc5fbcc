"""Collect the scores of an epoch from all processes, each clip once."""

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

COLUMNS = ("index", "video", "track", "label", "logit")


class ClipScores(Metric):
    """Collects one row for each clip. Under DDP, Lightning pads the sampler with repeated clips; each counts once."""

    full_state_update = False
    index: list[Tensor]
    video: list[Tensor]
    track: list[Tensor]
    label: list[Tensor]
    logit: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        for name in COLUMNS:
            self.add_state(name, [], dist_reduce_fx="cat")

    def update(self, index: Tensor, video: Tensor, track: Tensor, label: Tensor, logit: Tensor) -> None:
        """Add clips.

        Args:
            index: (B,) the clip's row in its table.
            video: (B,) number of each clip's video, unique to the video.
            track: (B,) track of the video.
            label: (B,) 0 real, 1 fake.
            logit: (B,) logit of P(fake).
        """
        self.index.append(index)
        self.video.append(video)
        self.track.append(track)
        self.label.append(label.long())
        self.logit.append(logit.float())

    def compute(self) -> dict[str, Tensor]:
        """Return all clips, sorted by index, on the CPU: `COLUMNS`, each (N,)."""
        columns = {name: dim_zero_cat(getattr(self, name)).cpu() for name in COLUMNS}
        order = columns["index"].argsort(stable=True)
        index = columns["index"][order]
        first = torch.ones_like(index, dtype=torch.bool)
        first[1:] = index[1:] != index[:-1]
        return {name: column[order][first] for name, column in columns.items()}
