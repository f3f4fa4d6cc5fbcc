"""The server that workers are forked from: it has the libraries imported and has computed nothing.

torch's threads and CUDA do not survive a fork, and modules do. So imports are paid for once and not once a worker, and
a worker that takes the place of one that died is there at once. It imports beside the run that started it, so the
earlier it starts the less is waited for; this module imports nothing itself.

Measured on 2 busy cores, 2 workers, MTCNN, from the progress bar to the first video of scripts/extract.py: 21 s with
workers that import for themselves, 1.5 s with the server (95 s and 6 s where Python may not keep bytecode).
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.context import BaseContext

log = logging.getLogger(__name__)
# torchvision is what every finder imports, and takes as long as all else together.
PRELOAD = ("deepfake.faces.workers", "torchvision.ops")
_one_at_a_time = threading.Lock()  # the environment is one for all threads


def worker_context(*modules: str) -> BaseContext:
    """How workers are started; where they are forked, the server begins to import at once, and this does not wait.

    Args:
        modules: what workers import beside `PRELOAD`, as that of the finder; only those of the first call in a process
            are imported ahead.
    """
    if sys.platform != "linux":  # macOS's own libraries do not survive a fork: each worker imports for itself
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([*PRELOAD, *modules])
    resource_tracker.ensure_running()  # first: it lets interrupts through again
    with _one_at_a_time, _same_path(), _not_interrupted():
        forkserver.ensure_running()
    return context


def start_early(*modules: str) -> None:
    """Start the server before this process itself imports anything large."""
    worker_context(*modules)


@contextmanager
def _not_interrupted() -> Iterator[None]:
    """Processes that start meanwhile get no Ctrl-C, and show no traceback for it: this one ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _same_path() -> Iterator[None]:
    """Processes that start meanwhile look for modules where this one does, or they might find another version."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        yield
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
