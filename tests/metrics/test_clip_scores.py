"""Clips of an epoch and the two levels."""

import pytest
import torch

from deepfake.metrics.clip_scores import ClipScores, score_levels


def test_a_clip_that_the_sampler_repeated_counts_once() -> None:
    scores = ClipScores()
    scores.update(
        torch.tensor([2, 0]), torch.tensor([1, 0]), torch.tensor([1.0, 0.0]), torch.tensor([0.8, 0.1]).logit()
    )
    scores.update(
        torch.tensor([1, 2]), torch.tensor([0, 1]), torch.tensor([0.0, 1.0]), torch.tensor([0.3, 0.8]).logit()
    )
    rows = scores.compute()
    assert rows["index"].tolist() == [0, 1, 2]
    assert rows["video"].tolist() == [0, 0, 1]
    assert rows["score"].tolist() == pytest.approx([0.1, 0.3, 0.8])


def test_a_videos_score_is_the_mean_of_its_clips() -> None:
    video = torch.tensor([0, 0, 1, 1, 1])
    label = torch.tensor([0, 0, 1, 1, 1])
    score = torch.tensor([0.2, 0.9, 0.7, 0.1, 0.2])  # means 0.55 and 0.333: at video level the wrong way round
    numbers = score_levels(video, label, score)
    assert numbers["video/auc"] == 0
    assert numbers["clip/auc"] == pytest.approx(1.5 / 6)
    assert numbers["video/accuracy"] == 0


def test_many_clips_of_one_video_do_not_outvote_the_others() -> None:
    video = torch.tensor([0] * 100 + [1, 2])
    label = torch.tensor([1] * 100 + [0, 1])
    score = torch.tensor([0.1] * 100 + [0.2, 0.9])
    assert score_levels(video, label, score)["video/auc"] == pytest.approx(0.5)


def test_a_confident_mistake_costs_what_it_should() -> None:
    scores = ClipScores()
    ones = torch.tensor([0, 1])
    scores.update(ones, ones, torch.tensor([0, 1]), torch.tensor([20.0, 20.0]))
    rows = scores.compute()
    assert score_levels(rows["video"], rows["label"], rows["score"])["clip/log_loss"] == pytest.approx(10, abs=1e-6)
