"""An LSTM in both directions over the frames of a clip.

Source: Graves and Schmidhuber 2005, "Framewise Phoneme Classification with Bidirectional LSTM" (the network). Differs:
one output for a clip, the last of each direction, where theirs has one for each frame.
"""

import torch
from torch import Tensor, nn

from deepfake.models.temporal import Temporal
from deepfake.ranges import Layers, Share, Width


class BiLstm(Temporal):
    """Joins what each direction has at its end, so every frame has been seen by both.

    Args:
        num_features: F.
        hidden_size: features of one direction; a clip has twice as many.
        num_layers: number of stacked LSTMs.
        dropout: dropout between layers; it has no effect on a single layer.
    """

    min_clip_length = 2

    def __init__(
        self, num_features: int, *, hidden_size: Width = 128, num_layers: Layers = 1, dropout: Share = 0.0
    ) -> None:
        super().__init__()
        self.num_features = 2 * hidden_size
        self.lstm = nn.LSTM(
            num_features, hidden_size, num_layers, batch_first=True, dropout=dropout, bidirectional=True
        )

    def forward(self, features: Tensor) -> Tensor:
        outputs, _ = self.lstm(features)
        forward, backward = outputs.chunk(2, dim=2)
        return torch.cat([forward[:, -1], backward[:, 0]], dim=1)  # the backward one ends at the first frame
