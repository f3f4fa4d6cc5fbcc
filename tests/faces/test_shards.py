"""The parts of a corpus are disjoint, complete and the same everywhere, and keep a fake with its real."""

import pytest

from deepfake.faces.shards import shard

IDS = [f"real/{i:02d}" for i in range(20)] + [f"fake/{i:02d}_{j}" for i in range(20) for j in range(3)]
PAIRS = {name: f"real/{name[5:7]}" for name in IDS if name.startswith("fake")}


@pytest.mark.parametrize("num_shards", [1, 3, 8, 50])
def test_the_parts_are_the_whole_and_a_fake_goes_with_its_real(num_shards: int) -> None:
    parts = [shard(IDS, PAIRS, num_shards, i) for i in range(num_shards)]
    assert sorted(name for part in parts for name in part) == sorted(IDS)
    assert all(PAIRS.get(name, name) in part for part in parts for name in part)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 4  # a family


def test_the_order_of_the_listing_does_not_matter() -> None:
    assert shard(IDS, PAIRS, 3, 1) == shard(reversed(IDS), dict(reversed(PAIRS.items())), 3, 1)


def test_fakes_of_a_real_that_is_not_there_stay_together() -> None:
    parts = [shard(["a", "x1", "x2"], {"x1": "x", "x2": "x"}, 2, i) for i in (0, 1)]
    assert parts == [["a"], ["x1", "x2"]]
