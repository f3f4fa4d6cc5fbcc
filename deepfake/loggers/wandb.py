"""Weights & Biases; no other module imports wandb.

It receives curves, the charts and tables of the run's page, the config and metrics; pictures of faces only if the user
asks for it, since most corpora are under agreements. It receives no code and nothing about the repository. It is
offline by default, and whatever happens to it or to the network, training goes on.
"""

import io
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd
import wandb
from PIL import Image
from pytorch_lightning.loggers import Logger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from deepfake.loggers.guard import GuardedLogger
from deepfake.ranges import Amount, Note, PathName, Tags, Word
from deepfake.screen import from_here

log = logging.getLogger(__name__)
ANSWER_WITHIN = 5.0  # seconds for the server to answer
START_WITHIN = 30.0  # seconds for a run to begin on the server
UPLOAD_WITHIN = 300.0  # seconds for the upload at the end of a run; `wandb sync` sends the rest

Mode = Literal["offline", "online", "disabled"]


class WandbRun(WandbLogger):
    """A started run of wandb.

    Args:
        run: the run; None in all processes but the first.
        max_faces: the most faces to send.
    """

    def __init__(self, run: "wandb.Run | None", max_faces: int) -> None:
        super().__init__(experiment=run)
        self.max_faces = max_faces


def wandb_logger(
    project: Word,
    save_dir: PathName,
    name: Word,
    *,
    mode: Mode = "offline",
    faces: bool = False,
    max_faces: Amount = 32,
    run_id: Word | None = None,
    group: Word | None = None,
    job_type: Word | None = None,
    tags: Tags = (),
    notes: Note | None = None,
) -> WandbRun:
    """Start a run. If it cannot be online it is offline, and if that fails it is disabled; a warning tells which.

    Args:
        project: project on the dashboard.
        save_dir: the run is kept in `<save_dir>/wandb`.
        name: name of the run.
        mode: `online` sends the run while it goes on, `offline` keeps it for `wandb sync`.
        faces: whether faces of test videos may be sent, with the videos' names.
        max_faces: the most faces to send, from the videos with the most wrong scores.
        run_id: id of the run to continue; None starts a new one.
        group: runs of one group, such as the jobs of a sweep, stand together on the dashboard.
        job_type: what the run does.
        tags: words by which the run is found again.
        notes: a sentence about the run.
    """
    labels = {"name": name, "group": group, "job_type": job_type, "tags": list(tags), "notes": notes}
    run = _start(project, str(save_dir), labels, mode, run_id)
    return WandbRun(run, max_faces if faces else 0)


@rank_zero_only
def _start(project: str, save_dir: str, labels: Mapping[str, Any], mode: Mode, run_id: str | None) -> wandb.Run:
    # Lightning would start the run itself, but only online, or with a warning about an option that wandb has dropped.
    modes: list[Mode] = ["online", "offline", "offline"] if mode == "online" else [mode, mode]
    if mode == "online" and (reason := _offline_because()):
        log.warning("W&B: %s, so the run is offline; `wandb sync` sends it later", reason)
        modes = ["offline", "offline"]
    for chosen in modes:
        try:
            run = _init(project, save_dir, labels, chosen, run_id)
        except Exception as error:  # of any type: wandb's, sockets', pydantic's
            reset()  # if the service died in an earlier job, a new one starts
            if chosen == "online":
                log.warning("W&B: %s, so the run is offline; `wandb sync` sends it later", _line(error))
            last = error
            continue
        if chosen == "offline" and mode == "offline":
            log.info("W&B: offline, in %s; logger.wandb.mode=online sends it while it goes on", from_here(save_dir))
        return run
    log.warning("W&B: %s; the run goes on without it", _line(last))
    return _init(project, save_dir, labels, "disabled", run_id)


def _init(project: str, save_dir: str, labels: Mapping[str, Any], mode: Mode, run_id: str | None) -> wandb.Run:
    settings = wandb.Settings(
        mode=mode,
        silent=True,
        console="off",
        reinit="finish_previous",
        disable_code=True,
        disable_git=True,
        init_timeout=START_WITHIN,
        finish_timeout=UPLOAD_WITHIN,
    )
    run = wandb.init(project=project, dir=save_dir, **labels, id=run_id, resume="allow", settings=settings)
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    return run


def _offline_because() -> str | None:
    """Return why nothing can be sent, found out within seconds; wandb itself tries for a minute and a half."""
    wandb.setup(settings=wandb.Settings(silent=True))
    if not wandb.login(prompt=False, verify=False):
        return "there is no key (`wandb login`, or WANDB_API_KEY)"
    url = wandb.setup().settings.base_url
    answered = threading.Event()

    def ask() -> None:
        with suppress(OSError, ValueError):
            with suppress(urllib.error.HTTPError):  # the server has answered
                urllib.request.urlopen(url, timeout=ANSWER_WITHIN).close()
            answered.set()

    # Looking up a name has no time limit, so another thread waits for it.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_WITHIN + 1)
    return None if answered.is_set() else f"{url} does not answer"


def reset() -> None:
    """Forget wandb's service, which is a separate process, as if none had been started."""
    with suppress(Exception, SystemExit):
        wandb.teardown()
    wandb.run = None  # otherwise a run of the old service would count as still running


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def max_faces(loggers: Iterable[Logger]) -> int:
    """Return the most faces that any of the loggers may get."""
    return max((run.max_faces for _, run in _runs(loggers)), default=0)


def is_wanted(loggers: Iterable[Logger]) -> bool:
    """Return whether a W&B run among some loggers takes what is logged; false in any process but the first."""
    return any(not guard.failed and not run.experiment.disabled for guard, run in _runs(loggers))


def log_page(
    loggers: Iterable[Logger],
    pictures: Mapping[str, tuple[bytes, str]],
    tables: Mapping[str, tuple[Sequence[str], Sequence[Sequence[object]]]],
) -> None:
    """Add the charts and tables of a run's page to the W&B run, if there is one among the loggers.

    Args:
        loggers: the run's loggers.
        pictures: key -> content of a PNG, and its caption.
        tables: key -> heads, and rows with a cell for each.
    """

    def add(run: WandbRun) -> None:
        for key, (png, caption) in pictures.items():
            with Image.open(io.BytesIO(png)) as picture:
                run.log_image(key, [picture], caption=[caption])
        for key, (heads, rows) in tables.items():
            run.log_table(key, columns=[*heads], data=[[*row] for row in rows])

    for guard, run in _runs(loggers):
        guard.attempt(lambda run=run: add(run))  # type: ignore[misc]


def log_results(
    loggers: Iterable[Logger],
    pictures: Mapping[str, Path],
    videos: pd.DataFrame,
    numbers: pd.DataFrame,
    summary: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Add pictures, a table of numbers and one of videos to the W&B run, if there is one among the loggers.

    Args:
        loggers: the run's loggers.
        pictures: key -> picture's file.
        videos: one row for each video, with an image (S, S, 3) uint8 RGB in column `face`. If empty, no table is added.
        numbers: `numbers.csv`: every number of the test with its interval. If empty, no table is added.
        summary: name -> what stands for the run in the dashboard's table of runs, beside the metrics.
    """

    def add(run: WandbRun) -> None:
        run.experiment.summary.update(dict(summary))
        for key, path in pictures.items():
            run.log_image(key, [str(path)])
        if len(numbers):
            cells = numbers.astype(object).where(numbers.notna(), None)
            run.log_table("test/numbers", columns=list(cells.columns), data=cells.to_numpy().tolist())
        if len(videos):
            shown = videos.assign(face=[wandb.Image(image) for image in videos["face"]])
            run.log_table("test/videos", columns=list(shown.columns), data=shown.to_numpy().tolist())

    for guard, run in _runs(loggers):
        guard.attempt(lambda run=run: add(run))  # type: ignore[misc]


def where_to_look(loggers: Iterable[Logger]) -> str | None:
    """Return a link to the W&B run, or the command that uploads an offline one."""
    for guard, run in _runs(loggers):
        experiment = run.experiment
        if guard.failed or experiment.disabled:
            continue
        return f"wandb sync {quote(from_here(Path(experiment.dir).parent))}" if experiment.offline else experiment.url
    return None


@contextmanager
def closing(loggers: Iterable[Logger]) -> Iterator[None]:
    """Close the W&B run at the end, as failed if the block fails, so that the next job of a sweep gets its own run."""
    exit_code = 1
    try:
        yield
        exit_code = 0
    except KeyboardInterrupt:
        exit_code = 130
        raise
    except SystemExit as end:
        exit_code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise
    finally:
        for guard, run in _runs(loggers):
            guard.attempt(lambda run=run: run.experiment.finish(exit_code=exit_code))  # type: ignore[misc]
            if guard.failed:
                reset()


@rank_zero_only
def _own_runs(loggers: Iterable[Logger]) -> list[tuple[GuardedLogger, WandbRun]]:
    guards = [logger for logger in loggers if isinstance(logger, GuardedLogger)]
    return [(guard, guard.inner) for guard in guards if isinstance(guard.inner, WandbRun)]


def _runs(loggers: Iterable[Logger]) -> list[tuple[GuardedLogger, WandbRun]]:
    """Return the W&B runs among some loggers; none in any process but the first."""
    return _own_runs(loggers) or []
