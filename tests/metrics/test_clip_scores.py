"""The clips of an epoch are collected once each."""

import torch

from deepfake.metrics.clip_scores import ClipScores


def test_a_clip_that_the_sampler_repeated_counts_once_and_all_are_in_the_order_of_their_table() -> None:
    scores = ClipScores()
    for index, video, track, label, logit in (
        ([2, 0], [1, 0], [4, 3], [1.0, 0.0], [0.8, 0.1]),
        ([1, 2], [0, 1], [3, 4], [0.0, 1.0], [0.3, 0.8]),
    ):
        scores.update(*map(torch.tensor, (index, video, track, label, logit)))
    rows = {name: column.tolist() for name, column in scores.compute().items()}
    logits = rows.pop("logit")
    assert rows == {"index": [0, 1, 2], "video": [0, 0, 1], "track": [3, 3, 4], "label": [0, 0, 1]}
    assert logits == torch.tensor([0.1, 0.3, 0.8]).tolist()
