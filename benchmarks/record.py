"""The numbers of one run of a benchmark, in their file from the first part on: what was measured is never lost."""

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
        numbers: plain data that is known before anything is measured.

    Attributes:
        numbers: plain data, filled in place while it is measured; null (None) is what cannot be told.
        begun: whether a part has begun.
        failed: names of the parts that failed.
        current: name of the part that is being measured, or was when the run was interrupted.
    """

    def __init__(self, path: Path, numbers: dict[str, Any]) -> None:
        self.path = path
        self.numbers = numbers
        self.begun = False
        self.failed: list[str] = []
        self.current = ""

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure something that the rest can do without: if it fails, that is said and the next part follows.

        Args:
            name: what is measured, as a person calls it.
        """
        self.begun, self.current = True, name
        try:
            yield
        except Exception as error:
            self._fail(name, error)
        self.current = ""
        # The disk may be full of what is measured; the numbers are written once more when that is gone.
        with suppress(OSError):
            self.write()

    def _fail(self, name: str, error: Exception) -> None:
        reason = str(error).strip() or type(error).__name__
        line = reason.splitlines()[-1]
        if not isinstance(error, DeepfakeError):
            line = f"{type(error).__name__}: {line}"
        write_above(f"{name} could not be measured ({line}); the other parts go on")
        self.failed.append(name)
        trace = traceback.format_exception(error)
        self.numbers.setdefault("failed", {})[name] = {"error": line, "traceback": "".join(trace).splitlines()}

    def write(self) -> None:
        """Put the file in place, whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self.path, json.dumps(self.numbers, indent=1).encode())

    def require_whole(self) -> None:
        """Say at the end what is missing.

        Raises:
            MissingPartsError: a part failed.
        """
        if self.failed:
            parts = "a part is" if len(self.failed) == 1 else f"{len(self.failed)} parts are"
            raise MissingPartsError(f"{parts} missing: {', '.join(self.failed)}; the reasons are in {self.path}")
