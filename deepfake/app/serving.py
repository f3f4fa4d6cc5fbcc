"""Serves the page: a thread speaks with browsers, and the main one scores, so that a signal ends it as any command."""

import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from deepfake.app.address import is_local, url_of
from deepfake.app.door import require_gradio
from deepfake.app.doorman import Doorman
from deepfake.app.folder import own_folder
from deepfake.app.limits import MEGABYTE, Limits
from deepfake.app.line import Job, Line
from deepfake.app.page import build_page, look
from deepfake.app.uploads import Uploads
from deepfake.app.visit import FAILED, Desk
from deepfake.corpora.input_files import InputFile
from deepfake.errors import DeepfakeError, UploadError
from deepfake.faces.server import worker_context
from deepfake.names import shown
from deepfake.verdict import Because, FileResult, Predictor
from deepfake.verdict.page import card_html
from deepfake.video.header import length_s

log = logging.getLogger(__name__)
_TAKE_S = 1.0  # seconds between two looks at whether the page is still served
_LOOK_S = 10.0  # seconds that reading a container may take
_SWEEP_S = 60.0  # seconds between two looks for what was left
_BROKEN_OFF_S = 600.0  # seconds without a byte after which an upload is given up
_FOLDER = "GRADIO_TEMP_DIR"


def serve_page(predictors: Mapping[str, Predictor], listener: socket.socket, limits: Limits) -> None:
    """Serve the page until a signal comes; the folder of its files is gone afterwards.

    Args:
        predictors: by the names that visitors choose by.
        listener: where browsers ask for the page.
        limits: what is taken of visitors.

    Raises:
        RuntimeError: the page is no longer served.
    """
    with own_folder() as folder:
        uploads, line = Uploads(folder), Line(limits.max_waiting)
        with receiving_into(uploads.received):
            page = build_page(Desk(uploads, line, limits, length), [*predictors])
            with served(page, listener, limits, uploads.received) as thread:
                log.info("the page is at %s; Ctrl-C ends it", url_of(listener))
                _work(line, uploads, predictors, thread)


def length(path: Path) -> float | None:
    """Return what `length_s` does; a process of its own reads the file, since a broken one may crash or hang it.

    Raises:
        UnreadableVideoError: the file holds no video.
        OSError: the machine cannot read it; a TimeoutError, if it takes too long.
        ProcessExpired: the process died.
    """
    with ProcessPool(max_workers=1, context=worker_context()) as pool:
        found: float | None = pool.schedule(length_s, [path], timeout=_LOOK_S).result()
        return found


def _work(line: Line, uploads: Uploads, predictors: Mapping[str, Predictor], thread: threading.Thread) -> None:
    """Score one file after the other."""
    count, swept = 0, time.monotonic()
    while thread.is_alive():
        job = line.take(_TAKE_S)
        if job is not None:
            count += 1
            _do(job, count, predictors[job.detector], uploads)
        if time.monotonic() - swept > _SWEEP_S:
            uploads.sweep(_BROKEN_OFF_S)
            swept = time.monotonic()
    raise RuntimeError("the page is no longer served")


def _do(job: Job, number: int, predictor: Predictor, uploads: Uploads) -> None:
    """Score a file, and give its visitor the card, or the word that there is none.

    Why there is none stands in the log alone, since it may name paths of this machine.
    """
    start, size = time.monotonic(), job.upload.num_bytes / MEGABYTE
    log.info("job %d: %.1f MB, scored by %s", number, size, job.detector)
    try:
        try:
            result = score(job, predictor, uploads.work)
        finally:
            uploads.discard(job.upload)
        if result.because is Because.FAILED:
            log.warning("job %d failed: %s", number, shown(result.reason))
            job.card.set_exception(UploadError(FAILED))
            return
        job.card.set_result(card_html(result, predictor.about, name=job.upload.name, number=number))
        log.info("job %d: done in %.1f s", number, time.monotonic() - start)
    except DeepfakeError as error:
        log.warning("job %d failed: %s", number, error)
        job.card.set_exception(UploadError(FAILED))
    except Exception:
        log.exception("job %d failed; the page goes on", number)
        job.card.set_exception(UploadError(FAILED))


def score(job: Job, predictor: Predictor, work: Path) -> FileResult:
    """Return the verdict on a file.

    Args:
        job: the file.
        predictor: the detector.
        work: folder for its faces, which are gone afterwards.
    """
    with tempfile.TemporaryDirectory(dir=work) as folder:
        ((_, result),) = predictor.stream([InputFile(job.upload.path, job.upload.name)], Path(folder))
    return result


@contextmanager
def served(page: Any, listener: socket.socket, limits: Limits, received: Path) -> Iterator[threading.Thread]:
    """Serve a page of Gradio inside the block, from a thread, which is given.

    Args:
        page: a `gradio.Blocks`.
        listener: where browsers ask for it.
        limits: what is taken of visitors.
        received: folder of what they upload, which `receiving_into` has told Gradio.
    """
    server = _server(page, listener, limits, received)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="page", daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        yield thread
    finally:
        noise = logging.getLogger("uvicorn.error")
        level = noise.level
        noise.setLevel(logging.CRITICAL)  # it calls pages that are open an error
        server.should_exit = True
        thread.join(timeout=10)
        noise.setLevel(level)


def _server(page: Any, listener: socket.socket, limits: Limits, received: Path) -> Any:
    require_gradio()
    import gradio
    import uvicorn
    from fastapi import FastAPI

    app = gradio.mount_gradio_app(
        FastAPI(openapi_url=None),
        page,
        path="/",
        server_name=str(listener.getsockname()[0]),
        server_port=int(listener.getsockname()[1]),
        max_file_size=limits.max_bytes,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        **look(),
    )
    page.has_launched = True  # a mounted page is not said to be, and Gradio takes any path of this machine until then
    door = Doorman(app, received, limits, local=is_local(listener))
    quiet: dict[str, Any] = {"log_config": None, "log_level": "warning", "access_log": False}
    return uvicorn.Server(uvicorn.Config(door, ws="none", timeout_graceful_shutdown=1, **quiet))


@contextmanager
def receiving_into(folder: Path) -> Iterator[None]:
    """Have the pages of Gradio that are made and served inside the block put what they receive into a folder."""
    before = os.environ.get(_FOLDER)
    os.environ[_FOLDER] = str(folder)  # Gradio knows no other way to be told
    try:
        yield
    finally:
        del os.environ[_FOLDER]
        if before is not None:
            os.environ[_FOLDER] = before
