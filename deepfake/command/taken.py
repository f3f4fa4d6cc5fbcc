"""Takes folders for one run before anything is read or written there, and refuses those of other runs.

This module provides what the folders' names contain to the configs: `${model_name:}`, and `${token:}`, four random
letters or digits for each command, so that commands started in the same second have different folders. `${given:a,b}`
is a, or b if a is null; `${unless:a,b,c}` is b, or c if a is null.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deepfake.config import model_name as model_name
from deepfake.errors import ConfigError
from deepfake.names import shown
from deepfake.ranks import is_first

# Hydra passes the cache on to the jobs of a sweep, so all of them have the sweep's token.
OmegaConf.register_new_resolver("token", lambda: secrets.token_hex(2), use_cache=True, replace=True)
OmegaConf.register_new_resolver("given", lambda value, otherwise: otherwise if value is None else value, replace=True)
OmegaConf.register_new_resolver(
    "unless", lambda value, word, otherwise: otherwise if value is None else word, replace=True
)

LOCK = ".run.lock"
JOURNAL = "predictions.jsonl"  # of `predict.py`
# What a stage leaves. A folder with only Hydra's own files is from a command that failed before it began, and one with
# curves but no checkpoint (csv/) from a training that was stopped in its first epoch; both may be used again.
RESULTS = (
    *("metrics.json", "matrix.csv", "predictions.csv", "checkpoints", "benchmark.json"),
    *("sweep.csv", "multirun.yaml", "study.db"),
)


@contextmanager
def own_folders(cfg: DictConfig) -> Iterator[None]:
    """Take the folders that a job writes to, besides the one that is already taken for the command.

    A sweep's job has a folder of its own, and `paths.output_dir` and the `output` of `predict.py` can be set.

    Raises:
        ConfigError: a folder belongs to another run.
        OSError: a folder cannot be made.
    """
    if not HydraConfig.initialized() or not is_first():
        yield
        return
    hydra = HydraConfig.get()
    taken = {Path(hydra.runtime.output_dir).resolve()} if hydra.mode is RunMode.RUN else set[Path]()
    wanted = {"hydra.sweep.subdir": hydra.runtime.output_dir, "paths.output_dir": _folder(cfg, "paths.output_dir")}
    if hydra.job.name == "predict":  # the `output` of other commands is a file
        wanted["output"] = _folder(cfg, "output")
    with ExitStack() as held:
        for option, folder in wanted.items():
            if folder is not None and Path(folder).resolve() not in taken:
                taken.add(Path(folder).resolve())
                # Predictions go on by themselves where their journal lies, which says whether they are the same ones.
                goes_on = option == "output" and (Path(folder) / JOURNAL).exists()
                held.callback(take(Path(folder), option, folder if goes_on else resumed_by(cfg)).release)
        yield


def resumed_by(cfg: DictConfig) -> str | None:
    """Return what a run or a sweep resumes from: a checkpoint, or the folder of a sweep; None if it does not."""
    found: str | None = OmegaConf.select(cfg, "sweep.resume") or OmegaConf.select(cfg, "resume")
    return found


def options_of(asked: Iterable[str]) -> list[str]:
    """Return the options of a job, without the one that gives its sweep again.

    Args:
        asked: the options as on the command line.

    Example:
        >>> options_of(["model=meso4", "sweep.resume=outputs/sweep/a"])
        ['model=meso4']
    """
    return [word for word in asked if word.partition("=")[0] != "sweep.resume"]


def _folder(cfg: DictConfig, option: str) -> str | None:
    found = OmegaConf.select(cfg, option)
    return None if found is None else str(found)


def take(folder: Path, option: str = "hydra.run.dir", resume: str | None = None) -> FileLock:
    """Make a folder, or take one that no other run uses or has used.

    Args:
        folder: the run's folder.
        option: the option that chose it, for messages.
        resume: the checkpoint or sweep that the run resumes from; a run may resume in its own folder, and so may the
            jobs of a sweep.

    Returns:
        The lock, which the caller holds as long as the run lasts; it is released when the process ends.

    Raises:
        ConfigError: the folder belongs to another run.
        OSError: it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, blocking=False)
    what = f"{option}={shown(str(folder))}"
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(f"{what} is in use by another run: choose another folder, or leave the option out") from None
    found = [name for name in RESULTS if _has_content(folder / name)]
    source = None if resume is None else Path(resume).resolve()
    own = source is not None and (folder.resolve() in [source, *source.parents] or source in folder.resolve().parents)
    if found and not own:
        lock.release()
        raise ConfigError(
            f"{what} holds another run ({', '.join(found)}): choose another folder, leave the option out, or delete "
            "that run"
        )
    return lock


def _has_content(path: Path) -> bool:
    """Return whether there is a file or a non-empty folder: the first checkpoint may not have fitted on the disk."""
    return any(path.iterdir()) if path.is_dir() else path.exists()
