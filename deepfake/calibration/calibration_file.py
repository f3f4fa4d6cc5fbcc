"""The file of a calibration: what was learnt, of which detectors, by which rule and on which videos.

It is JSON, `docs/evaluation.md` lists its fields, and a checkpoint's card may hold the same. It may come from anywhere,
so all of it is checked before it is used, and nothing in it is executed.
"""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from deepfake.atomic import write_atomic
from deepfake.calibration.calibration import Calibration
from deepfake.errors import CalibrationError
from deepfake.ranges import Share

log = logging.getLogger(__name__)

SCHEMA_VERSION: Literal[1] = 1
SUFFIX = ".calibration.json"  # after the checkpoint's name without .ckpt
_LARGEST = 20_000_000  # bytes; a thousand times what isotonic regression on 10,000 videos takes
_SHORT = (str, int, float, type(None))  # what is shown; a long one is cut off
_CURE = "scripts/calibrate.py writes such files"
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt of the scores that one rule gives.

    Attributes:
        rule: as `deepfake.checkpoints.scoring_rule.rule_card` returns it; of a table `aggregate` and `aggregation`; of
            several detectors the digest of each one's weights -> its rule.
        coverage: the numbers of val's `videos`, of those `scored`, and more.
        calibration: learnt on these.
        weights: of several detectors the same digests -> their weights, which sum to 1; empty of one and of a table.
    """

    rule: dict[str, Any]
    coverage: dict[str, int]
    calibration: Calibration
    weights: dict[Digest, Share] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: its weights do not sum to 1, or a detector has no rule.
        """
        if self.weights and not math.isclose(sum(self.weights.values()), 1, abs_tol=1e-9):
            raise ValueError("its weights do not sum to 1")
        if self.weights and {name for name, rule in self.rule.items() if isinstance(rule, dict)} != {*self.weights}:
            raise ValueError("it has not one rule for each weight")


@dataclass(frozen=True, slots=True)
class CalibrationFile:
    """The content of the file. It is plain data.

    Attributes:
        schema_version: rises when a field changes its name, type or meaning.
        checkpoint: digest of the detector's weights; None if the scores are from a table or of several detectors.
        faces: the part of the recipe of faces that decides what is stored; None if the scores are from a table.
        data: corpus, protocol, fingerprint, split and content of the videos; of a table the file and its digest.
        grouped_by: what was left out together for cross-fitting: `people`, `targets` or `videos`, as
            `deepfake.corpora.groups.group_videos` describes them.
        learnt: one for each rule.
    """

    schema_version: Literal[1]
    checkpoint: Digest | None
    faces: dict[str, Any] | None
    data: dict[str, Any]
    grouped_by: Literal["people", "targets", "videos"]
    learnt: Annotated[tuple[Learnt, ...], Field(min_length=1, max_length=10)]

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: what was learnt is not all of the same detectors.
        """
        if len({frozenset(each.weights) for each in self.learnt}) > 1 or (self.checkpoint and self.learnt[0].weights):
            raise ValueError("it is of other detectors by one rule than by another")

    @property
    def detectors(self) -> tuple[Digest, ...]:
        """The digests of the weights of all detectors, one or several; empty if the scores are from a table."""
        return tuple(self.learnt[0].weights) if self.checkpoint is None else (self.checkpoint,)

    @property
    def source(self) -> str:
        """Where the videos are from, in words: `val of demo`, or `theirs.csv`."""
        if "corpus" in self.data:
            return f"val of {self.data['corpus']}"
        return Path(str(self.data.get("predictions", "a table"))).name


_ADAPTER = TypeAdapter(CalibrationFile)


def read_calibration(path: Path) -> CalibrationFile:
    """Read a file of `write_calibration`.

    Raises:
        CalibrationError: it does not exist, cannot be read, or is no such file.
    """
    try:
        if not path.is_file():
            what = "is no file" if path.exists() else "does not exist"
            raise CalibrationError(f"calibration {path} {what}: {_CURE}")
        if path.stat().st_size > _LARGEST:
            raise CalibrationError(f"{path} is no calibration: it has more than {_LARGEST:,} bytes; {_CURE}")
        return _checked(path.read_bytes(), str(path))
    except OSError as error:
        raise CalibrationError(f"calibration {path} cannot be read: {error.strerror}; {_CURE}") from error


def write_calibration(file: CalibrationFile, path: Path) -> dict[str, Any]:
    """Write the file whole or not at all, and return its content as plain data, as a card holds it.

    What is replaced is logged.
    """
    if path.exists():
        log.info("replaced: %s", path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(file), indent=2, allow_nan=False)
    write_atomic(path, text.encode())
    plain: dict[str, Any] = json.loads(text)  # a tuple has become a list
    return plain


def from_plain(plain: Mapping[str, Any], source: str) -> CalibrationFile:
    """Check the plain data of a card.

    Args:
        plain: what `write_calibration` returned.
        source: where it stands, for messages.

    Raises:
        CalibrationError: it is no calibration.
    """
    return _checked(json.dumps(plain).encode(), source)


def _checked(content: bytes, source: str) -> CalibrationFile:
    try:
        return _ADAPTER.validate_json(content, strict=True)
    except ValidationError as error:
        raise CalibrationError(f"{source} {_fault(error)}") from None


def _fault(error: ValidationError) -> str:
    """Say in one line what is wrong first."""
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "json_invalid":
        return f"is no calibration, or is damaged ({first['msg']}): {_CURE}"
    if name == "schema_version" and isinstance(first["input"], int):
        return f"was written by another version of this project (schema {first['input']}): calibrate again"
    if first["type"] == "missing":
        return f"is no calibration: it has no {name}; {_CURE}"
    value = f" is {shorten(repr(first['input']), 60, placeholder=' ...')}" if isinstance(first["input"], _SHORT) else ""
    return f"is no calibration, or is damaged: {name}{value}: {first['msg'].removeprefix('Value error, ')}; {_CURE}"
