"""A page that is served in this process, whose jobs a test does itself."""

import asyncio
import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deepfake.app.address import listen, url_of
from deepfake.app.limits import Limits
from deepfake.app.line import Line
from deepfake.app.page import build_page
from deepfake.app.serving import receiving_into, served
from deepfake.app.uploads import Uploads
from deepfake.app.visit import Desk


@dataclass
class Here:
    """A page in this process.

    Attributes:
        page: Gradio's.
        url: its address.
        line: of jobs, of which one may wait.
        uploads: the files.
        stop: ends the server.
    """

    page: Any
    url: str
    line: Line
    uploads: Uploads
    stop: Callable[[], None]

    def do(self, card: str) -> None:
        """Score what is first."""
        job = self.line.take(30)
        assert job is not None
        self.uploads.discard(job.upload)
        job.card.set_result(f"<article class='card'><h2 class='card-name'>{card} of {job.upload.name}</h2></article>")


@contextmanager
def _loops_left() -> Iterator[None]:
    """Gradio leaves event loops open where it makes a page; they are dropped here, and not during another test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        asyncio.set_event_loop(None)
        gc.collect()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    pytest.importorskip("gradio")
    uploads, line, limits = Uploads(tmp_path), Line(1), Limits()
    with ExitStack() as stack:
        with _loops_left():
            listener = stack.enter_context(closing(listen("127.0.0.1", None)))
            stack.enter_context(receiving_into(uploads.received))
            page = build_page(Desk(uploads, line, limits, lambda path: 1.0), ["meso4"])
            stack.enter_context(served(page, listener, limits, uploads.received))
        yield Here(page, url_of(listener), line, uploads, stack.close)
