"""Crops on their way into an archive: the same in memory, in a file, in both, and in another process."""

import os
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from deepfake.errors import StoreError
from deepfake.store import Pile
from deepfake.store.disk import Disk

_RNG = np.random.default_rng(0)
CONTENTS = [_RNG.bytes(length) for length in (10, 0, 300, 7, 7, 20_000, 1)]
LEAST, SOME, ALL = 0, 320, 1 << 20


def filled(path: Path, most: int) -> Pile:
    pile = Pile(path, most)
    assert [pile.add(content) for content in CONTENTS] == [*range(len(CONTENTS))]
    return pile


@pytest.mark.parametrize("most", [LEAST, SOME, ALL])
@pytest.mark.parametrize("sent", [False, True])
def test_a_pile_gives_back_what_was_added(most: int, sent: bool, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "0"
    pile = filled(path, most)
    in_file = {LEAST: b"".join(CONTENTS), SOME: b"".join(CONTENTS[4:]), ALL: None}[most]
    assert (path.read_bytes() if path.exists() else None) == in_file
    assert [*pile] == CONTENTS
    assert pile[2] == CONTENTS[2] and pile[-1] == CONTENTS[-1] and pile[1:6:2] == CONTENTS[1:6:2]
    order = [5, 0, 3, 6]
    chosen = pile.chosen(order)
    if sent:
        message = pickle.dumps(chosen)
        assert len(message) < most + 1000 or most == ALL
        chosen = pickle.loads(message)
    assert len(chosen) == 4 and [*chosen] == [*chosen] == [CONTENTS[place] for place in order]
    chosen.discard()
    assert not path.exists()


def test_without_a_file_all_stays_in_memory() -> None:
    pile = Pile(most=0)
    for content in CONTENTS:
        pile.add(content)
    pile.discard()
    assert [*pile] == CONTENTS and not Pile()


def test_what_is_wrong_with_the_disk_is_said_with_the_cure(tmp_path: Path) -> None:
    run = tmp_path / "partial" / "run"
    run.mkdir(parents=True)
    (run / "full").symlink_to("/dev/full")
    pile = Pile(run / "full", 0)
    message = f"face store {tmp_path} cannot be written to (No space left on device) at partial/run/full: make room"
    with pytest.raises(StoreError, match=re.escape(message)):
        pile.add(CONTENTS[0])
    pile.discard()
    gone = filled(run / "0", SOME)
    (run / "0").unlink()
    with pytest.raises(StoreError, match=r"0 cannot be read \(No such file or directory\): check the disk"):
        list(gone)


def test_a_file_that_something_else_takes_away_or_cuts_off_is_no_other_picture(tmp_path: Path) -> None:
    pile = filled(tmp_path / "folder" / "0", LEAST)
    os.truncate(tmp_path / "folder" / "0", 5)
    with pytest.raises(StoreError, match="0 was changed or removed while faces were written to it"):
        list(pile)
    shutil.rmtree(tmp_path / "folder")
    with pytest.raises(StoreError, match="0 was changed or removed while faces were written to it"):
        pile.add(CONTENTS[0])


def test_a_run_has_a_folder_that_no_other_takes_for_abandoned(tmp_path: Path) -> None:
    with Disk(tmp_path).scratch() as folder:
        assert not folder.exists()
        pile = filled(folder / "0", 0)
        Disk(tmp_path).sweep()
        assert [*pile] == CONTENTS
    assert not [*(tmp_path / "partial").iterdir()]
