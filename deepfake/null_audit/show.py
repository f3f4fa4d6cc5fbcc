"""Writes and shows what a null audit found, and warns where it comes near the detector."""

import logging
import math
from pathlib import Path

from deepfake.atomic import write_atomic
from deepfake.null_audit.findings import LEVEL, NEAR, NullFindings
from deepfake.report.tables import num_digits, show

log = logging.getLogger(__name__)
NUM_NAMED = 3  # features
_WORDS = {
    "all": "null model",
    "files": "null model, of files alone",
    "crops": "null model, of crops alone",
}
_BY = {
    "people": "nobody and no source video is on both sides",
    "targets": "no target person or source video is on both sides",
    "videos": "each video stands alone, since nothing is known of people or sources",
}


def write_findings(folder: Path, findings: NullFindings) -> Path:
    """Write `null_audit.csv`, a row a video, and return its path."""
    path = folder / "null_audit.csv"
    write_atomic(path, findings.videos.to_csv(index=False).encode())
    return path


def show_findings(findings: NullFindings, split: str) -> None:
    """Print the AUC of the null model beside the detector's, and what it rests on; warn if it comes near.

    Args:
        findings: what was found.
        split: the split that was tested.
    """
    reals, fakes = findings.num_tested
    digits = num_digits({"scored_real": reals, "scored_fake": fakes})
    rows: list[list[str | None]] = [["detector", _written(findings.detector_auc, digits), None]]
    for name, row in findings.models.iterrows():
        rows.append([_WORDS[str(name)], _written(row["auc"], digits), _written(row["train_auc"], digits)])
    captions = [_compared(findings, split), _chance(findings), _rests_on(findings)]
    show("null audit: AUC of videos", ["model", split, "train, cross-validated"], rows, *captions)
    if findings.is_near:
        log.warning(
            "null audit: a model that never looks at a face reaches an AUC of %.3f where the detector has %.3f, by %s "
            "above all: the detector's number may come from how the files were made, see null_audit.csv",
            findings.auc,
            findings.detector_auc,
            findings.features.index[0],
        )


def _written(value: float, digits: int) -> str:
    return "undefined" if math.isnan(value) else f"{value:.{digits}f}"


def _compared(findings: NullFindings, split: str) -> str:
    tested, train = (f"{reals} real, {fakes} fake" for reals, fakes in (findings.num_tested, findings.num_train))
    without = int(findings.videos["null_score"].isna()[findings.videos["split"] == split].sum())
    left_out = f", {without} without a score of the detector left out" if without else ""
    return f"{split} {tested}{left_out}; train {train}; {_BY[findings.grouped_by]}"


def _chance(findings: NullFindings) -> str:
    if math.isnan(findings.p_value):
        return "its AUC is undefined, as a class is missing"
    if findings.least_p_value >= LEVEL:
        return f"too few videos: guesses put them in perfect order with p = {findings.least_p_value:.2g}"
    how = f"guesses reach the null model's AUC with p = {findings.p_value:.2g}"
    if findings.above_chance and not findings.is_near:
        return f"{how}: it is above chance, and more than {NEAR} below the detector"
    return how


def _rests_on(findings: NullFindings) -> str:
    first = findings.features.head(NUM_NAMED)
    if first["importance"].isna().any():
        return ""
    named = (f"{name} {row['importance']:.2f}" for name, row in first.iterrows())
    return f"by how much its AUC falls without a feature: {', '.join(named)}"
