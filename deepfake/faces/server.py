"""The server that workers are forked from: it has imported the libraries and computed nothing.

Modules survive a fork; torch's threads and CUDA do not. So the libraries are imported once and not by every worker, and
a worker that replaces a dead one is ready at once. The server imports in parallel with the run, so the earlier it
starts, the shorter the wait; this module imports little more than the standard library.

Measured on 2 busy cores with 2 workers and MTCNN, from the progress bar to the first video of scripts/extract.py: 21 s
if every worker imports, 1.5 s with the server (95 s and 6 s where Python may not cache bytecode).
"""

import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.context import BaseContext

from deepfake.errors import ConfigError
from deepfake.names import shown

log = logging.getLogger(__name__)
# Every finder imports torchvision, which takes as long as everything else together.
PRELOAD = ("deepfake.faces.workers", "torchvision.ops")
_environment_lock = threading.Lock()  # all threads have the same environment


def worker_context(*modules: str) -> BaseContext:
    """Return what starts workers; on Linux, also start the server, without waiting for its imports.

    Args:
        modules: what workers import besides `PRELOAD`, such as the finder's module; only those of the first call in a
            process are imported ahead.

    Raises:
        ConfigError: the path of the folder for temporary files is too long for a socket.
    """
    if sys.platform != "linux":  # macOS's own libraries do not survive a fork, so each worker imports
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([*PRELOAD, *modules])
    resource_tracker.ensure_running()  # first, since it unblocks interrupts
    with _environment_lock, _same_path(), _not_interrupted():
        try:
            forkserver.ensure_running()
        except OSError as error:
            if "AF_UNIX path too long" not in str(error):
                raise
            raise ConfigError(
                f"no workers can be started, since the socket that they listen on would have too long a path below "
                f"{shown(tempfile.gettempdir())}: set TMPDIR to a folder with a shorter one"
            ) from error
    return context


def start_early(*modules: str) -> None:
    """Start the server before this process itself imports anything large; a run that needs it tells what forbids it."""
    with suppress(ConfigError):
        worker_context(*modules)


@contextmanager
def _not_interrupted() -> Iterator[None]:
    """Keep Ctrl-C, and its traceback, from processes that start inside the block: this process ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _same_path() -> Iterator[None]:
    """Make processes that start inside the block find the same versions of modules as this one."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        yield
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
