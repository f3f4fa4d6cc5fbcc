"""The clips that an epoch draws from videos of very different lengths."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from deepfake.data.clips import Clips
from deepfake.data.dataset import Draw
from deepfake.data.names import Names
from deepfake.data.paired_sampler import PairedSampler, find_pairs
from deepfake.data.sampler import BalancedSampler, SameDraws
from deepfake.errors import ConfigError


class Table:
    """The part of a dataset that a sampler uses."""

    def __init__(self, labels: list[int], counts: list[int], methods: list[str] | None = None) -> None:
        video = torch.from_numpy(np.repeat(np.arange(len(counts)), counts).astype(np.int32))
        names, zeros = Names([str(i) for i in range(len(counts))]), torch.zeros_like(video)
        self.clips = Clips(
            names, torch.tensor(labels).float(), Names(methods) if methods else names, video, zeros, zeros, zeros.long()
        )

    def __len__(self) -> int:
        return len(self.clips)


def sampler(table: Table, num_clips: int, epoch: int = 0, **options: Any) -> BalancedSampler:
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


@pytest.mark.parametrize("balance", ["class", "method", "natural", "paired"])
def test_what_the_processes_draw_for_a_step_is_what_one_draws_with_the_batches_of_all(balance: str) -> None:
    table = Table([0, 1, 1, 0, 1], [7] * 5)
    table.clips.start[:] = torch.arange(7).repeat(5)
    real_of = np.array([-1, 0, 0, -1, 3])

    def batches(size: int, **options: Any) -> list[list[Draw]]:
        drawn = iter(
            PairedSampler(table, real_of, 48, 0, **options)  # type: ignore[arg-type]
            if balance == "paired"
            else sampler(table, 48, balance=balance, **options)
        )
        return [list(batch) for batch in iter(lambda: list(islice(drawn, size)), [])]

    one, two = batches(8), [batches(4, num_replicas=2, rank=rank) for rank in (0, 1)]
    assert [len(own) for own in two] == [6, 6] and len(one) == 6
    for whole, first, second in zip(one, *two, strict=True):
        assert sorted(whole, key=str) == sorted(first + second, key=str)


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


def test_methods_are_drawn_alike_and_their_videos_too() -> None:
    table = Table([0, 0, 1, 1, 1, 1, 1], [3, 1, 50, 9, 2, 4, 0], ["real", "real", "b", "b", "b", "a", "c"])
    drawn = np.bincount(videos_of(table, sampler(table, 121, balance="method")), minlength=7)
    assert drawn[:2].tolist() == [30, 30] and drawn[6] == 0
    assert drawn[5] == 30 and drawn[2:5].sum() == 31 and np.ptp(drawn[2:5]) <= 1


def test_natural_draws_every_video_alike() -> None:
    table = Table([0, 1, 1, 0, 1], [3, 1, 50, 9, 0])
    drawn = np.bincount(videos_of(table, sampler(table, 40, balance="natural")), minlength=5)
    assert drawn.tolist() == [10, 10, 10, 10, 0]


def paired_table() -> Table:
    """Return videos 0 and 1, reals; 2 and 3, fakes of 0; 4, a fake of 1 that shares no frame with it; 5, of none."""
    table = Table([0, 0, 1, 1, 1, 1], [4, 2, 2, 3, 1, 2])
    start = torch.tensor([0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 16, 24, 0, 8], dtype=torch.int32)
    track = torch.tensor([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 0, 0, 0], dtype=torch.int32)
    table.clips = replace(table.clips, start=start, track=track)
    return table


REAL_OF = np.array([-1, -1, 0, 0, 1, -1])


def test_a_pair_is_of_the_same_frames_and_of_the_same_track() -> None:
    fake, real = find_pairs(paired_table().clips, REAL_OF)  # type: ignore[arg-type]
    assert list(zip(fake.tolist(), real.tolist(), strict=True)) == [(6, 2), (7, 3)]  # the real of 3 has no track 2


def test_a_fake_follows_its_real_with_the_same_seed_in_every_process() -> None:
    table = paired_table()

    def drawn(**options: int) -> list[Draw]:
        made = PairedSampler(table, REAL_OF, 30, 0, **options)  # type: ignore[arg-type]
        assert made.num_fakes == 1
        found = list(made)
        assert len(made) == len(found)
        return found

    pairs = dict(zip(*find_pairs(table.clips, REAL_OF), strict=True))
    whole = drawn()
    assert len(whole) == 30
    for real, fake in zip(whole[::2], whole[1::2], strict=True):
        assert pairs[fake.index] == real.index and fake.seed == real.seed
    assert {draw.index for draw in whole[1::2]} == {6, 7}
    halves = [drawn(num_replicas=2, rank=rank) for rank in (0, 1)]
    assert [len(half) for half in halves] == [14, 14]
    assert halves[0][:2] == whole[:2] and halves[1][:2] == whole[2:4]


def test_no_pair_is_an_error_with_the_cure() -> None:
    with pytest.raises(ConfigError, match=r"balance=paired finds no fake .* use sampling.balance=class"):
        PairedSampler(paired_table(), np.full(6, -1), 30, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("balance", ["method", "natural", "paired"])
def test_every_balance_of_a_large_corpus_is_planned_at_once(balance: str) -> None:
    table = Table([*[0] * 10, *[1] * 99_990], [8] * 100_000, [str(i % 5) for i in range(100_000)])
    if balance == "paired":
        start = torch.arange(8, dtype=torch.int32).repeat(100_000)
        table.clips = replace(table.clips, start=start)
        real_of = np.where(np.arange(100_000) < 10, -1, np.arange(100_000) % 10)
        made: Iterable[Draw] = PairedSampler(table, real_of, 800_000, 0)  # type: ignore[arg-type]
    else:
        made = sampler(table, 800_000, balance=balance)
    assert len(list(islice(iter(made), 32))) == 32
