"""Folders that belong to one run: taken before anything is read or written, and refused where they are another's."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deepfake.errors import ConfigError
from deepfake.names import shown
from deepfake.ranks import is_first

LOCK = ".run.lock"
# What a stage leaves. Hydra's own files alone are those of a command that failed before it had begun, and curves
# without a checkpoint (csv/) those of a training that was stopped in its first epoch, which begins again.
RESULTS = ("metrics.json", "predictions.csv", "checkpoints", "benchmark.json", "sweep.csv", "multirun.yaml")


@contextmanager
def own_folders(cfg: DictConfig) -> Iterator[None]:
    """Take what a job writes to beside the folder that Hydra has taken for the command: a sweep's job has one of its
    own, and `paths.output_dir` and the `output` of `predict.py` can be given.

    Raises:
        ConfigError: one of them is another run's.
        OSError: one cannot be made.
    """
    if not HydraConfig.initialized() or not is_first():
        yield
        return
    hydra = HydraConfig.get()
    taken = {Path(hydra.runtime.output_dir).resolve()} if hydra.mode is RunMode.RUN else set[Path]()
    wanted = {"hydra.sweep.subdir": hydra.runtime.output_dir, "paths.output_dir": _folder(cfg, "paths.output_dir")}
    if hydra.job.name == "predict":  # what others call `output` is a file
        wanted["output"] = _folder(cfg, "output")
    with ExitStack() as held:
        for option, folder in wanted.items():
            if folder is not None and Path(folder).resolve() not in taken:
                taken.add(Path(folder).resolve())
                held.callback(take(Path(folder), option, cfg.get("resume")).release)
        yield


def _folder(cfg: DictConfig, option: str) -> str | None:
    found = OmegaConf.select(cfg, option)
    return None if found is None else str(found)


def take(folder: Path, option: str = "hydra.run.dir", resume: str | None = None) -> FileLock:
    """Make a folder, or take one that no other run is in or has been in.

    Args:
        folder: of the run.
        option: by which it was chosen, for messages.
        resume: the checkpoint that the run goes on from; a run may go on in its own folder.

    Returns:
        The lock, to be held as long as the run goes on; it falls with the process.

    Raises:
        ConfigError: the folder is another run's.
        OSError: it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, blocking=False)
    what = f"{option}={shown(str(folder))}"
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(f"{what}: another run is at work in this folder: give another, or leave it out") from None
    found = [name for name in RESULTS if _holds(folder / name)]
    own = resume is not None and folder.resolve() in Path(resume).resolve().parents
    if found and not own:
        lock.release()
        raise ConfigError(
            f"{what} holds another run ({', '.join(found)}): give another folder, leave it out, or delete that one"
        )
    return lock


def _holds(path: Path) -> bool:
    """Whether there is a file, or a folder that is not empty: the first checkpoint may not have fitted on the disk."""
    return any(path.iterdir()) if path.is_dir() else path.exists()
