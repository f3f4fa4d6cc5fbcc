"""The clips that an epoch draws from videos of very different lengths."""

from itertools import islice

import numpy as np
import pytest
import torch

from deepfake.data.clips import Clips
from deepfake.data.names import Names
from deepfake.data.sampler import BalancedSampler, SameDraws


class Table:
    """The part of a dataset that a sampler uses."""

    def __init__(self, labels: list[int], counts: list[int]) -> None:
        video = torch.from_numpy(np.repeat(np.arange(len(counts)), counts).astype(np.int32))
        names, zeros = Names([str(i) for i in range(len(counts))]), torch.zeros_like(video)
        self.clips = Clips(names, torch.tensor(labels).float(), names, video, zeros, zeros, zeros.long())

    def __len__(self) -> int:
        return len(self.clips)


def sampler(table: Table, num_clips: int, epoch: int = 0, **options: int) -> BalancedSampler:
    assert isinstance(table, Table)
    made = BalancedSampler(table, num_clips, 0, **options)  # type: ignore[arg-type]
    made.set_epoch(epoch)
    return made


def videos_of(table: Table, drawn: BalancedSampler) -> np.ndarray:
    return table.clips.video.numpy()[[draw.index for draw in drawn]]


@pytest.mark.parametrize("num_clips", [1, 2, 7, 100, 1001])
def test_classes_are_halves_and_videos_differ_by_one(num_clips: int) -> None:
    table = Table([0, 1, 1, 0, 1, 1, 0], [3, 1, 50, 0, 0, 1000, 2])
    video = videos_of(table, sampler(table, num_clips))
    drawn = np.bincount(video, minlength=7)
    assert drawn[3] == drawn[4] == 0  # videos without a clip
    assert drawn[[0, 6]].sum() == num_clips // 2 and drawn[[1, 2, 5]].sum() == (num_clips + 1) // 2
    assert np.ptp(drawn[[0, 6]]) <= 1 and np.ptp(drawn[[1, 2, 5]]) <= 1


def test_every_clip_of_a_video_is_as_likely() -> None:
    table = Table([0, 1], [5, 3])
    drawn = np.bincount([draw.index for draw in sampler(table, 8000)], minlength=8)
    assert (abs(drawn[:5] - 800) < 120).all() and (abs(drawn[5:] - 4000 / 3) < 160).all()


def test_rounds_are_shuffled_again_in_every_epoch() -> None:
    table = Table([0, *[1] * 40], [9] * 41)
    first, again, second = (list(sampler(table, 80, epoch)) for epoch in (1, 1, 2))
    assert first == again != second
    assert len({draw.seed for draw in first}) == 80


def test_a_seed_draws_today_what_it_drew_before() -> None:
    """A run resumed with a later version continues unchanged. Drawn on 2026-11-26 with numpy 2.4."""
    table = Table([0, 1, 1, 0, 1], [3, 1, 50, 2, 0])
    first, second = ([(draw.index, draw.seed) for draw in sampler(table, 4, epoch)] for epoch in (0, 1))
    assert first == [(0, 1394609703), (3, 1081530687), (44, 1302740408), (54, 1960127676)]
    assert second == [(3, 1691813812), (55, 507666627), (51, 538649390), (1, 136066921)]


def test_processes_take_turns_and_leave_out_what_does_not_divide() -> None:
    table = Table([0, 1], [5, 3])
    parts = [list(sampler(table, 23, num_replicas=4, rank=rank)) for rank in range(4)]
    assert [len(part) for part in parts] == [5] * 4
    whole = list(sampler(table, 23))
    assert [draw for turn in zip(*parts, strict=True) for draw in turn] == whole[:20]


def test_an_epoch_of_a_large_corpus_is_planned_at_once() -> None:
    """Quadratic cost would take hours for a million videos, and minutes for this number."""
    table = Table([*[0] * 10, *[1] * 99_990], [32] * 100_000)
    assert len(list(islice(iter(sampler(table, 800_000)), 32))) == 32


def test_the_same_draws_are_a_first_epoch_again_and_again() -> None:
    table = Table([0, *[1] * 40], [9] * 41)
    drawn = sampler(table, 80)
    first, same = list(drawn), SameDraws(drawn)
    drawn.set_epoch(1)
    assert list(drawn) != first
    assert list(same) == list(same) == first and len(same) == 80
