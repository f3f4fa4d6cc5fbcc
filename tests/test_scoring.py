"""The one rule from clips to a video's score; a clip's score does not depend on its batch."""

import heapq
import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torch import Tensor, nn

from deepfake.data.augment import NoAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.errors import TrainingError
from deepfake.schema import Split, Video
from deepfake.scoring import clip_logits, clip_scores, score_clips, score_levels, video_scores
from deepfake.store import FaceStore
from tests.data.conftest import SPEC, noise_store, noise_videos  # noqa: F401  (fixtures)
from tests.models.test_detector import SHIPPED, clips, detector


@pytest.mark.parametrize("seed", range(5))
def test_a_videos_score_is_the_highest_of_the_means_of_its_tracks(seed: int) -> None:
    generator = np.random.default_rng(seed)
    video, track = generator.integers(10, 25, 300), generator.integers(0, 4, 300)
    score = generator.random(300)
    expected = {}
    for name in sorted(set(video.tolist())):
        tracks = set(track[video == name].tolist())
        expected[name] = max(float(np.mean(score[(video == name) & (track == one)])) for one in tracks)
    videos, scores = video_scores(video, track, score)
    assert videos.tolist() == list(expected)
    assert scores.tolist() == pytest.approx(list(expected.values()), rel=1e-14)
    order = generator.permutation(len(video))  # videos may lie in any order
    assert video_scores(video[order], track[order], score[order])[1] == pytest.approx(scores, rel=1e-14)


OF_TRACK = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "max": max,
    "top_1": max,
    "top_3": lambda scores: statistics.fmean(heapq.nlargest(3, scores)),
    "top_999": statistics.fmean,
    "mean_logit": lambda scores: 1 / (1 + math.exp(-statistics.fmean(math.log(x / (1 - x)) for x in scores))),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("aggregate", OF_TRACK)
def test_every_aggregate_is_what_a_plain_loop_makes_of_it(aggregate: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    video, track = generator.integers(0, 40, 300), generator.integers(0, 4, 300)  # tracks of 1 to 7 clips
    score = generator.integers(1, 20, 300) / 20  # with ties
    expected = {}
    for name in sorted(set(video.tolist())):
        tracks = set(track[video == name].tolist())
        own = [score[(video == name) & (track == one)].tolist() for one in tracks]
        expected[name] = max(map(OF_TRACK[aggregate], own))
    for order in (np.arange(300), generator.permutation(300)):
        videos, scores = video_scores(video[order], track[order], score[order], aggregate)
        assert videos.tolist() == list(expected)
        assert scores.tolist() == pytest.approx(list(expected.values()), rel=1e-12)


def test_the_mean_of_all_clips_knows_no_tracks() -> None:
    video, track = np.array([0, 0, 0, 1]), np.array([0, 0, 5, 2])
    assert video_scores(video, track, np.array([0.0, 0.25, 0.5, 0.75]), "mean_all")[1].tolist() == [0.25, 0.75]


def test_certain_clips_have_a_mean_of_logits() -> None:
    video, score = np.array([0, 0, 1, 1, 2]), np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    certain = video_scores(video, np.zeros(5, np.int64), score, "mean_logit")[1]
    assert certain.tolist() == pytest.approx([0.5, 1.0, 0.0], abs=1e-15)


@pytest.mark.parametrize("aggregate", [*OF_TRACK, "mean_all"])
def test_no_clip_is_no_video_and_one_clip_is_its_videos_score(aggregate: str) -> None:
    nothing = np.zeros(0, np.int64)
    videos, scores = video_scores(nothing, nothing, np.zeros(0), aggregate)
    assert len(videos) == len(scores) == 0
    one = video_scores(np.array([3]), np.array([1]), np.array([0.3]), aggregate)
    assert one[0].tolist() == [3] and one[1].tolist() == pytest.approx([0.3], rel=1e-15)


def test_both_levels_equal_scikit_learns() -> None:
    video = np.array([0, 0, 1, 1, 1, 2])
    label = np.array([0, 0, 1, 1, 1, 0])
    score = np.array([0.2, 0.9, 0.7, 0.1, 0.2, 0.3])  # means 0.55, 0.333 and 0.3
    numbers = score_levels(video, np.zeros(6, np.int64), label, score)
    assert numbers["clip/auc"] == pytest.approx(sk.roc_auc_score(label, score), rel=1e-14)
    assert numbers["video/auc"] == 0.5 and numbers["video/accuracy"] == 1 / 3


def test_many_clips_of_one_video_do_not_outvote_the_others() -> None:
    video = np.array([0] * 100 + [1, 2])
    label = np.array([1] * 100 + [0, 1])
    score = np.array([0.1] * 100 + [0.2, 0.9])
    assert score_levels(video, np.zeros(102, np.int64), label, score)["video/auc"] == 0.5


def test_a_confident_mistake_costs_what_it_should() -> None:
    score = clip_scores(torch.tensor([20.0, 20.0])).numpy()
    ones = np.array([0, 1])
    assert score_levels(ones, ones * 0, ones, score)["clip/log_loss"] == pytest.approx(10, abs=1e-6)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_clips_logit_is_the_same_to_the_last_bit_whatever_is_in_its_batch(name: str) -> None:
    network = detector(name, "model.size=64").eval()
    batch = clips(network, 7)
    with torch.inference_mode():
        alone = torch.cat([clip_logits(network, clip[None]) for clip in batch])
        for size in (2, 3, 7):
            together = torch.cat([clip_logits(network, part) for part in batch.split(size)])
            assert torch.equal(together, alone), size
        order = torch.randperm(7, generator=torch.Generator().manual_seed(2))
        assert torch.equal(clip_logits(network, batch[order]), alone[order])
        assert torch.allclose(alone, network(batch), rtol=1e-3, atol=1e-5)


class _Mean(nn.Module):
    """Its logit is the mean of a clip, or NaN."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, clips: Tensor) -> Tensor:
        return clips.mean((1, 2, 3, 4)) * self.factor


@pytest.mark.parametrize("batch_size", [1, 5, 32])
def test_every_clip_of_a_dataset_is_scored_in_order(
    batch_size: int,
    noise_videos: list[Video],  # noqa: F811
    noise_store: FaceStore,  # noqa: F811
) -> None:
    spec = replace(SPEC, clip_length=2, size=16)
    dataset = ClipDataModule(noise_videos, noise_store, spec, NoAugmentation(), 0).datasets[Split.TRAIN]
    options = {"batch_size": batch_size, "num_workers": 0, "device": "cpu"}
    scores = score_clips(_Mean(), dataset, **options)  # type: ignore[arg-type]
    expected = [1 / (1 + np.exp(-float(dataset[i]["clip"].double().mean()) / 255)) for i in range(len(dataset))]
    assert scores == pytest.approx(np.array(expected), abs=1e-6) and scores.dtype == np.float64
    with pytest.raises(TrainingError, match=f"{len(dataset)} of {len(dataset)} scores are NaN"):
        score_clips(_Mean(float("nan")), dataset, **options)  # type: ignore[arg-type]
