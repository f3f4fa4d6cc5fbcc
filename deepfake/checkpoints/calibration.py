"""The calibration of one checkpoint or of several: found beside the file or in its card, and taken if it is of them."""

import io
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch

from deepfake.atomic import write_atomic
from deepfake.calibration import SUFFIX, CalibrationFile, from_plain, read_calibration
from deepfake.checkpoints.card import check_card
from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint
from deepfake.checkpoints.fitting import Calibrated, UnderTest, differing, fitting
from deepfake.errors import CalibrationError
from deepfake.names import fitted, shown
from deepfake.scoring import ScoringRule
from deepfake.task import CARD

log = logging.getLogger(__name__)
AUTO, NONE = "auto", "none"  # values of the option `calibration`; any other is a path
_LONGEST = 200  # bytes of a file's name, without what follows the detectors' names


def beside(checkpoint: Path) -> Path:
    """Return the place of a checkpoint's calibration.

    Example:
        >>> beside(Path("a/best.ckpt")).as_posix()
        'a/best.calibration.json'
    """
    return checkpoint.with_name(checkpoint.name.removesuffix(".ckpt") + SUFFIX)


def calibration_of(
    given: str | Path | None,
    checkpoint: Checkpoint,
    rule: ScoringRule,
    faces: Mapping[str, Any],
    tested: UnderTest | None = None,
) -> Calibrated | None:
    """Return the calibration of a detector's scores, and log which one it is, or why there is none.

    Args:
        given: `auto` for the file beside the checkpoint, and otherwise what its card has; `none` or None for none; or
            the path of a file.
        checkpoint: the checkpoint.
        rule: how its clips become scores here.
        faces: the settled recipe of the faces here.
        tested: what is tested, which may not hold the videos that it was learnt on; None if nothing is known of files.

    Raises:
        CalibrationError: the file that was given cannot be read, or is of other scores.
    """
    place, card = beside(checkpoint.path), checkpoint.card.get("calibration")
    return _chosen(given, place, card, checkpoint.path, partial(fitting, [checkpoint], [rule], faces, tested))


def beside_several(checkpoints: Mapping[str, Checkpoint]) -> Path:
    """Return the place of a calibration of several detectors: beside the first of them, with all their names.

    Args:
        checkpoints: name -> checkpoint, as `read_several` returns them.
    """
    first = next(iter(checkpoints.values()))
    return first.path.with_name(fitted("+".join(checkpoints).replace("/", "_"), _LONGEST) + SUFFIX)


def calibration_of_several(
    given: str | Path | None,
    checkpoints: Mapping[str, Checkpoint],
    rules: Mapping[str, ScoringRule],
    faces: Mapping[str, Any],
    tested: UnderTest | None = None,
) -> Calibrated | None:
    """Return the calibration of several detectors' combined scores, with their weights, and log which one it is.

    Args:
        given: as `calibration_of` has it; `auto` is the file that `beside_several` names.
        checkpoints: name -> checkpoint, as `read_several` returns them.
        rules: name -> how its clips become scores here.
        faces: the settled recipe of the faces here.
        tested: see `calibration_of`.

    Raises:
        CalibrationError: the file that was given cannot be read, or is of other scores.
    """
    these, by = list(checkpoints.values()), [rules[name] for name in checkpoints]
    return _chosen(given, beside_several(checkpoints), None, Path(), partial(fitting, these, by, faces, tested))


def _chosen(
    given: str | Path | None,
    place: Path,
    card: Mapping[str, Any] | None,
    carrying: Path,
    of: Callable[[CalibrationFile, Path], Calibrated],
) -> Calibrated | None:
    """Return the calibration that was asked for, if it fits.

    Args:
        given: see `calibration_of`.
        place: where `auto` looks.
        card: what the checkpoint's card has of it; None if it has nothing, and of several checkpoints.
        carrying: the checkpoint.
        of: returns what a file holds of the scores, or raises `CalibrationError`.
    """
    if given in (NONE, None):
        return None
    candidates: list[tuple[Path, Callable[[], CalibrationFile]]] = []
    if given != AUTO:
        place = Path(str(given)).expanduser()
    if given != AUTO or place.exists():
        candidates.append((place, lambda: read_calibration(place)))
    if given == AUTO and card is not None:
        candidates.append((carrying, lambda: from_plain(card, f"the card of {carrying}")))
    problems = []
    for path, read in candidates:
        try:
            found = of(read(), path)
        except CalibrationError as error:
            if given != AUTO:
                raise
            problems.append(str(error))
        else:
            log.info(found.caption())
            return found
    if problems:
        log.warning("scores are not calibrated: %s", problems[0])
    else:
        log.info("scores are not calibrated: there is no %s; scripts/calibrate.py makes it", shown(place))
    return None


def calibration_of_table(path: Path, aggregation: str, tested: str) -> Calibrated:
    """Return the calibration of the scores of a table.

    Args:
        path: a file that was learnt on another table.
        aggregation: how clips become a video's score here, as `ScoringRule.aggregation` says it.
        tested: digest of the table that is measured.

    Raises:
        CalibrationError: the file cannot be read, or is of other scores.
    """
    file = read_calibration(path)
    cure = "scripts/calibrate.py predictions=val.csv output=... learns one"
    if file.detectors:
        raise CalibrationError(
            f"{path} is of a checkpoint's scores, and nobody knows whose those of a table are: {cure}"
        )
    if file.data.get("digest") == tested:
        raise CalibrationError(f"{path} was learnt on this very table, so it cannot be tested there: {cure}")
    if there := differing({"aggregation": aggregation}, {"aggregation": file.learnt[0].rule.get("aggregation")}):
        raise CalibrationError(
            f"{path} was learnt by another rule ({'; '.join(there)}): {cure} with the same aggregate="
        )
    log.info((found := Calibrated(file.learnt[0].calibration, file, path)).caption())
    return found


def carry_calibration(checkpoint: Path, of: str, plain: Mapping[str, Any]) -> None:
    """Put a calibration into a checkpoint's card; the file is replaced as a whole, and its weights stay as they are.

    Args:
        checkpoint: the file.
        of: digest of the weights that the calibration is of.
        plain: as `write_calibration` returns it.

    Raises:
        CalibrationError: the file has other weights by now, as that of a training that goes on.
        CheckpointError: the card would be too large.
    """
    now = read_checkpoint(checkpoint)
    if now.digest != of:
        raise CalibrationError(
            f"{checkpoint} has other weights than when its scores were measured: calibrate a checkpoint of a training "
            "that is done"
        )
    check_card({**now.card, "calibration": plain}, checkpoint)
    content = io.BytesIO()
    torch.save({**now.content, CARD: {**now.content[CARD], "calibration": plain}}, content)
    write_atomic(checkpoint.resolve(), content.getbuffer())  # a link stays a link
