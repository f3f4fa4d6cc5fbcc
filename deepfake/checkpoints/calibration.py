"""The calibration of a checkpoint: found beside the file or in its card, and taken only if it is of these scores."""

import io
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import torch

from deepfake.atomic import write_atomic
from deepfake.calibration import SUFFIX, Calibration, CalibrationFile, from_plain, read_calibration
from deepfake.checkpoints.card import check_card
from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint
from deepfake.checkpoints.scoring_rule import NAMES, rule_card
from deepfake.errors import CalibrationError
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.names import shown
from deepfake.scoring import ScoringRule
from deepfake.task import CARD

log = logging.getLogger(__name__)
AUTO, NONE = "auto", "none"  # values of the option `calibration`; any other is a path


class UnderTest(NamedTuple):
    """What the detector is tested on with its calibration."""

    corpus: str
    protocol: str
    is_val: bool


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration that is of a detector's scores by a rule.

    Attributes:
        calibration: what was learnt.
        file: the file, or the part of the card, that it is from.
        path: where that stands.
    """

    calibration: Calibration
    file: CalibrationFile
    path: Path

    def caption(self) -> str:
        """Say what it was learnt on."""
        learnt = self.calibration
        videos = f"{learnt.num_real} real and {learnt.num_fake} fake videos of {self.file.source}"
        return f"calibrated by {learnt.calibrator.method}, learnt on {videos} ({shown(self.path.name)})"

    def facts(self) -> dict[str, Any]:
        """Return what `metrics.json` holds of it."""
        learnt = self.calibration
        counts = {name: getattr(learnt, name) for name in ("num_real", "num_fake", "num_groups")}
        method = {"method": learnt.calibrator.method, "prior": learnt.prior, "threshold": learnt.threshold}
        found = {name: [asdict(each) for each in getattr(learnt, name)] for name in ("thresholds", "bands")}
        source = {"learnt_on": self.file.data, "source": self.file.source}
        return {"file": str(self.path), **method, **source, **counts, **found}


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
    if given in (NONE, None):
        return None
    place, card = beside(checkpoint.path), checkpoint.card.get("calibration")
    candidates: list[tuple[Path, Callable[[], CalibrationFile]]] = []
    if given != AUTO:
        place = Path(str(given)).expanduser()
    if given != AUTO or place.exists():
        candidates.append((place, lambda: read_calibration(place)))
    if given == AUTO and card is not None:
        candidates.append((checkpoint.path, lambda: from_plain(card, f"the card of {checkpoint.path}")))
    problems = []
    for path, read in candidates:
        try:
            found = _fitting(read(), path, checkpoint, rule, faces, tested)
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
    if file.checkpoint is not None:
        raise CalibrationError(
            f"{path} is of a checkpoint's scores, and nobody knows whose those of a table are: {cure}"
        )
    if file.data.get("digest") == tested:
        raise CalibrationError(f"{path} was learnt on this very table, so it cannot be tested there: {cure}")
    if there := _differing({"aggregation": aggregation}, {"aggregation": file.learnt[0].rule.get("aggregation")}):
        raise CalibrationError(
            f"{path} was learnt by another rule ({'; '.join(there)}): {cure} with the same aggregate="
        )
    log.info((found := Calibrated(file.learnt[0].calibration, file, path)).caption())
    return found


def _fitting(
    file: CalibrationFile,
    path: Path,
    checkpoint: Checkpoint,
    rule: ScoringRule,
    faces: Mapping[str, Any],
    tested: UnderTest | None,
) -> Calibrated:
    """Return what a file holds of the scores that a rule gives.

    Raises:
        CalibrationError: it is of other scores.
    """
    here, there = checkpoint.digest, file.checkpoint
    # A file of ONNX scores as the weights that its sealed card names do, which was measured when it was exported.
    ours = {here, checkpoint.card.get("digest")}
    cure = f"scripts/calibrate.py checkpoint={shown(checkpoint.path)} learns one"
    if there is None:
        raise CalibrationError(f"{path} was learnt on a table, and nobody knows which detector gave its scores: {cure}")
    if there not in ours:
        raise CalibrationError(f"{path} is of another detector (weights {there[:12]}, here {here[:12]}): {cure}")
    if tested is not None and file.data.get("corpus") == tested.corpus:
        if tested.is_val:
            raise CalibrationError(
                f"{path} was learnt on val of {tested.corpus}, so it cannot be tested there: split=test"
            )
        if (theirs := file.data.get("protocol")) != tested.protocol:
            raise CalibrationError(
                f"{path} was learnt on val of {tested.corpus} by another protocol ({theirs}, here {tested.protocol}), "
                f"which may be tested here: {cure}"
            )
    of_faces = _differing(json.loads(json.dumps(stored_recipe(faces))), file.faces, "faces.")
    if of_faces:
        raise CalibrationError(f"{path} was learnt on other faces ({'; '.join(of_faces)}): {cure}")
    unlike = {index: _unlike(rule, each.rule) for index, each in enumerate(file.learnt)}
    nearest = min(unlike, key=lambda index: len(unlike[index]))
    if unlike[nearest]:
        raise CalibrationError(
            f"{path} was learnt by another rule ({'; '.join(unlike[nearest])}): {cure} with the same options"
        )
    return Calibrated(file.learnt[nearest].calibration, file, path)


def _unlike(rule: ScoringRule, there: Mapping[str, Any]) -> list[str]:
    """Return in what a rule differs from one that scores were calibrated by."""
    of_main = ("main_face",) if rule.tracks == "all" else ()  # no face is chosen among all
    names = [name for name in ("aggregation", *NAMES.values()) if name not in of_main]
    here = rule_card(rule)
    return _differing({name: here[name] for name in names}, {name: there.get(name) for name in names})


def _differing(here: Mapping[str, Any], there: Any, prefix: str = "") -> list[str]:
    """Return what differs in two mappings of plain data.

    Example:
        >>> _differing({"tracks": "all", "finder": {"a": 1}}, {"tracks": "main", "finder": {"a": 2}})
        ['tracks is all, there main', 'finder.a is 1, there 2']
    """
    there = there if isinstance(there, Mapping) else {}
    found = []
    for name in dict.fromkeys((*here, *there)):
        one, other = here.get(name), there.get(name)
        if isinstance(one, Mapping):
            found += _differing(one, other, f"{prefix}{name}.")
        elif one != other:
            found.append(f"{prefix}{name} is {shorten(str(one), 40)}, there {shorten(str(other), 40)}")
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
