"""Requests to a disk are answered in order, by several threads if the disk is slow."""

import threading
import time

import pytest

from deepfake.store.threads import each_of


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 3500])
@pytest.mark.parametrize("seconds", [0, 0.0002])
def test_answers_are_in_order(seconds: float, count: int) -> None:
    asking = set()

    def look(name: str) -> int:
        asking.add(threading.get_ident())
        time.sleep(seconds)
        return int(name)

    assert list(each_of(look, [str(number) for number in range(count)])) == list(range(count))
    if seconds and count > 2000:
        assert len(asking) > 2


def test_an_error_ends_them() -> None:
    with pytest.raises(ZeroDivisionError):
        list(each_of(lambda name: 1 // (2999 - int(name)), [str(number) for number in range(3500)]))
