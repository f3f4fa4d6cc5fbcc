"""Crops on their way into an archive: the same in memory, in a file, in both, and in another process."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from deepfake.errors import StoreError
from deepfake.store import Pile
from deepfake.store.disk import Disk

_RNG = np.random.default_rng(0)
CONTENTS = [_RNG.bytes(length) for length in (10, 0, 300, 7, 7, 20_000, 1)]
LEAST, SOME, ALL = 0, 320, 1 << 20


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def filled(root: Path, most: int) -> Pile:
    pile = Pile(Disk(root), most)
    assert [pile.add(content) for content in CONTENTS] == [*range(len(CONTENTS))]
    return pile


@pytest.mark.parametrize("most", [LEAST, SOME, ALL])
@pytest.mark.parametrize("sent", [False, True])
def test_a_pile_gives_back_what_was_added(most: int, sent: bool, tmp_path: Path) -> None:
    pile = filled(tmp_path, most)
    assert (
        sum(len(path.read_bytes()) for path in files(tmp_path))
        == {
            LEAST: sum(map(len, CONTENTS)),
            SOME: sum(map(len, CONTENTS[4:])),
            ALL: 0,
        }[most]
    )
    assert (
        [*pile] == CONTENTS and pile[2] == CONTENTS[2] and pile[-1] == CONTENTS[-1] and pile[1:6:2] == CONTENTS[1:6:2]
    )
    order = [5, 0, 3, 6]
    chosen = pile.chosen(order)
    pile.discard()  # the file belongs to the other one now
    if sent:
        message = pickle.dumps(chosen)
        assert len(message) < most + 1000 or most == ALL
        chosen = pickle.loads(message)
    assert len(chosen) == 4 and [*chosen] == [*chosen] == [CONTENTS[place] for place in order]
    chosen.discard()
    assert not files(tmp_path)


def test_without_a_disk_all_stays_in_memory() -> None:
    pile = Pile(most=0)
    for content in CONTENTS:
        pile.add(content)
    pile.discard()
    assert [*pile] == CONTENTS and not Pile()


def test_a_full_disk_is_said_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "partial", lambda self: Path("/dev/full"))
    monkeypatch.setattr(Path, "unlink", lambda *args, **kwargs: None)
    pile = Pile(Disk(tmp_path), 0)
    with pytest.raises(StoreError, match="cannot be written to .No space left on device. at partial: make room"):
        pile.add(CONTENTS[0])
    pile.discard()
