"""Augmentations run on one thread, as the dataset has them run."""

from collections.abc import Iterator

import pytest

from deepfake.threads import one_thread


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield
