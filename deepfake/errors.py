"""Every error that a user can fix.

Each message names the thing, its value and the cure. The scripts print it as one line on stderr and exit with 1. Any
other exception is a bug and keeps its traceback.
"""

from pathlib import Path


class DeepfakeError(Exception):
    """Base of all errors that a user can fix."""


class ConfigError(DeepfakeError):
    """Options do not fit together, or a required one is missing."""


class MissingPackageError(DeepfakeError):
    """What was asked for needs a package that is not installed with this one."""


class CorpusError(DeepfakeError):
    """A corpus is not at the given place, or one of its lists is missing or malformed."""


class StoreError(DeepfakeError):
    """A face store is missing, incomplete, or holds less than was requested."""


class ExtractionError(DeepfakeError):
    """Faces cannot be extracted, for a reason other than the files."""


class WeightsError(DeepfakeError):
    """Pretrained weights are missing or belong to another architecture."""


class TrainingError(DeepfakeError):
    """Training diverged."""


class CheckpointError(DeepfakeError):
    """A checkpoint does not exist, cannot be read, or was not made by this project."""


class ExportError(DeepfakeError):
    """An exported file cannot be made, does not score as its checkpoint does, or cannot be published."""


class CalibrationError(DeepfakeError):
    """A calibration cannot be learnt from these videos, cannot be read, or belongs to another detector."""


class UploadError(DeepfakeError):
    """A file that was given to the page of `scripts/serve.py` cannot be taken; visitors read the message there."""


class UnreadableVideoError(DeepfakeError):
    """A file holds no video that can be decoded.

    Args:
        path: the file.
        reason: why, in a few words.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read video {path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[Path, str]]:
        # The default would call __init__ with only the message when the error crosses a process boundary.
        return type(self), (self.path, self.reason)


def first_line(error: BaseException) -> str:
    r"""Return the first line of another package's error, or its type if it has no words.

    Example:
        >>> first_line(ValueError("one\ntwo")), first_line(KeyError())
        ('one', 'KeyError')
    """
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
