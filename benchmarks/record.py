"""Writes the numbers of a benchmark to their file after every part, so that none is lost."""

import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from deepfake.atomic import write_atomic
from deepfake.errors import DeepfakeError
from deepfake.progress import write_above


class MissingPartsError(DeepfakeError):
    """Some parts of a benchmark could not be measured; the others were."""


class Record:
    """What was measured so far.

    Args:
        path: the JSON file.
        numbers: plain data known before anything is measured.

    Attributes:
        numbers: plain data, filled in place during the measurement; null (None) is an unknown number.
        begun: whether a part has begun.
        failed: names of the parts that failed.
        current: name of the part being measured, or that was when the run was interrupted.
    """

    def __init__(self, path: Path, numbers: dict[str, Any]) -> None:
        self.path = path
        self.numbers = numbers
        self.begun = False
        self.failed: list[str] = []
        self.current = ""

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure a part inside the block; if it fails, report that and let the next part follow.

        Args:
            name: name of the part in messages.
        """
        self.begun, self.current = True, name
        try:
            yield
        except Exception as error:
            self._fail(name, error)
        self.current = ""
        # The measured data may have filled the disk; the numbers are written again when that data is gone.
        with suppress(OSError):
            self.write()

    def _fail(self, name: str, error: Exception) -> None:
        reason = str(error).strip() or type(error).__name__
        line = reason.splitlines()[-1]
        if not isinstance(error, DeepfakeError):
            line = f"{type(error).__name__}: {line}"
        write_above(f"{name} could not be measured ({line}); the other parts continue")
        self.failed.append(name)
        trace = traceback.format_exception(error)
        self.numbers.setdefault("failed", {})[name] = {"error": line, "traceback": "".join(trace).splitlines()}

    def write(self) -> None:
        """Write the file atomically."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self.path, json.dumps(self.numbers, indent=1).encode())

    def require_whole(self) -> None:
        """Report at the end what is missing.

        Raises:
            MissingPartsError: a part failed.
        """
        if self.failed:
            parts = "a part is" if len(self.failed) == 1 else f"{len(self.failed)} parts are"
            raise MissingPartsError(f"{parts} missing: {', '.join(self.failed)}; the reasons are in {self.path}")
