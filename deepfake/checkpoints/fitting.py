"""Whether a calibration is of the scores that detectors give here, by their rules and of these faces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

from deepfake.calibration import Calibration, CalibrationFile
from deepfake.checkpoints.checkpoint import Checkpoint
from deepfake.checkpoints.scoring_rule import NAMES, rule_card
from deepfake.errors import CalibrationError
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.names import shown
from deepfake.scoring import ScoringRule


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
        weights: of several detectors, in the order in which they were given; empty of one.
    """

    calibration: Calibration
    file: CalibrationFile
    path: Path
    weights: tuple[float, ...] = ()

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


def fitting(
    checkpoints: Sequence[Checkpoint],
    rules: Sequence[ScoringRule],
    faces: Mapping[str, Any],
    tested: UnderTest | None,
    file: CalibrationFile,
    path: Path,
) -> Calibrated:
    """Return what a file holds of the scores that these detectors give by these rules.

    Raises:
        CalibrationError: it is of other scores.
    """
    named = ",".join(shown(each.path) for each in checkpoints)
    cure = f"scripts/calibrate.py checkpoint={named if len(checkpoints) == 1 else f'[{named}]'} learns one"
    of = _detectors(file, path, checkpoints, cure)
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
    of_faces = differing(json.loads(json.dumps(stored_recipe(faces))), file.faces, "faces.")
    if of_faces:
        raise CalibrationError(f"{path} was learnt on other faces ({'; '.join(of_faces)}): {cure}")
    unlike = {}
    for index, each in enumerate(file.learnt):
        pairs = ((rule, each.rule[name] if each.weights else each.rule) for name, rule in zip(of, rules, strict=True))
        unlike[index] = [what for rule, theirs in pairs for what in _unlike(rule, theirs)]
    nearest = min(unlike, key=lambda index: len(unlike[index]))
    if unlike[nearest]:
        raise CalibrationError(
            f"{path} was learnt by another rule ({'; '.join(unlike[nearest])}): {cure} with the same options"
        )
    learnt = file.learnt[nearest]
    return Calibrated(learnt.calibration, file, path, tuple(learnt.weights[each] for each in of if learnt.weights))


def _detectors(file: CalibrationFile, path: Path, checkpoints: Sequence[Checkpoint], cure: str) -> list[str]:
    """Return the digest by which a file has each of these detectors.

    Raises:
        CalibrationError: it is of others, of more or of fewer, or of a table.
    """
    there = file.detectors
    if not there:
        raise CalibrationError(f"{path} was learnt on a table, and nobody knows which detector gave its scores: {cure}")
    if len(there) != len(checkpoints):
        number = "one detector" if len(there) == 1 else f"{len(there)} detectors together"
        raise CalibrationError(f"{path} is of {number}, and here {_are(len(checkpoints))}: {cure}")
    found = []
    for each in checkpoints:
        # A file of ONNX scores as the weights that its sealed card names do, which was measured when it was exported.
        ours = [digest for digest in (each.digest, each.card.get("digest")) if digest in there]
        if not ours:
            weights = ", ".join(digest[:12] for digest in there)
            which = f"here {each.digest[:12]}" + (f" of {shown(each.path)}" if len(checkpoints) > 1 else "")
            raise CalibrationError(f"{path} is of another detector (weights {weights}, {which}): {cure}")
        found.append(ours[0])
    return found


def _are(number: int) -> str:
    return "is one" if number == 1 else f"are {number}"


def _unlike(rule: ScoringRule, there: Mapping[str, Any]) -> list[str]:
    """Return in what a rule differs from one that scores were calibrated by."""
    of_main = ("main_face",) if rule.tracks == "all" else ()  # no face is chosen among all
    names = [name for name in ("aggregation", *NAMES.values()) if name not in of_main]
    here = rule_card(rule)
    return differing({name: here[name] for name in names}, {name: there.get(name) for name in names})


def differing(here: Mapping[str, Any], there: Any, prefix: str = "") -> list[str]:
    """Return what differs in two mappings of plain data.

    Example:
        >>> differing({"tracks": "all", "finder": {"a": 1}}, {"tracks": "main", "finder": {"a": 2}})
        ['tracks is all, there main', 'finder.a is 1, there 2']
    """
    there = there if isinstance(there, Mapping) else {}
    found = []
    for name in dict.fromkeys((*here, *there)):
        one, other = here.get(name), there.get(name)
        if isinstance(one, Mapping):
            found += differing(one, other, f"{prefix}{name}.")
        elif one != other:
            found.append(f"{prefix}{name} is {shorten(str(one), 40)}, there {shorten(str(other), 40)}")
    return found
