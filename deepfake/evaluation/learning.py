"""Learns a calibration from the scores of val, and shows what was learnt."""

import pandas as pd

from deepfake.calibration import Calibration, CalibrationMethod, cross_fitted, fit_calibration
from deepfake.calibration.fit import require_enough
from deepfake.corpora.groups import GroupedBy
from deepfake.errors import ConfigError
from deepfake.ranges import Aggregate, Prior
from deepfake.report.independent import resampled
from deepfake.report.results import video_table
from deepfake.report.tables import TOO_FEW, num_digits, show
from deepfake.schema import Split

LEFT_OUT = {"people": "people", "targets": "target people, though fakes show the faces of others", "videos": "videos"}
_REFUSED = {
    Split.TEST: "what is chosen on test makes the numbers of test too good",
    Split.TRAIN: "a detector is surer of videos that it was trained on than of others",
}


def require_val(split: Split) -> None:
    """Stop if another split than val is to be learnt on.

    Raises:
        ConfigError: it is test or train.
    """
    if split in _REFUSED:
        raise ConfigError(f"split={split}: calibration and thresholds are learnt on val, since {_REFUSED[split]}")


def learn_calibration(
    clips: pd.DataFrame,
    aggregate: Aggregate,
    method: CalibrationMethod,
    prior: Prior,
    source: str,
    people: GroupedBy = "people",
) -> tuple[Calibration, pd.DataFrame, GroupedBy]:
    """Learn a calibration of the scores of videos.

    Args:
        clips: as `video_table` takes them, with `person` if people are known.
        aggregate: how a track's clips become one score; see `deepfake.scoring`.
        method: see `deepfake.calibration.fit_calibrator`.
        prior: see `deepfake.calibration.fit_calibration`.
        source: where the videos are from, as `val of demo`.
        people: what `person` tells apart.

    Returns:
        The calibration; the videos with `label`, `score`, and `calibrated`, which is cross-fitted, NaN where there is
        no score; and what was left out together for that.

    Raises:
        CalibrationError: there are too few videos of a class, or of people.
    """
    videos = video_table(clips, aggregate)
    scored = videos[videos["score"].notna()]
    score, label = scored["score"].to_numpy(), scored["label"].to_numpy()
    groups, by = resampled(scored, people)
    require_enough(label, method, source)
    calibrated = cross_fitted(score, label, groups, method, prior)
    found = fit_calibration(score, label, method, groups, prior, source, calibrated)
    return found, videos.assign(calibrated=pd.Series(calibrated, scored.index).reindex(videos.index)), by


def show_calibration(found: Calibration, by: GroupedBy, what: str, *captions: str) -> None:
    """Print what was learnt: the numbers before and after, the thresholds and the bands.

    Args:
        found: the calibration.
        by: what was left out together for cross-fitting.
        what: whose scores they are, by which rule.
        captions: lines with what one must know about the data; empty ones are left out.
    """
    names = ("log_loss", "brier", "ece")
    rows = [[name, getattr(found.before, name), getattr(found.after, name)] for name in names]
    prior = f"if {found.prior:g} of all files are fake; after: each video by what was learnt on others"
    left_out = f"{prior} ({LEFT_OUT[by]} apart)"
    method = found.calibrator.method
    show(f"calibration by {method}, {what}", ["number", "before", "after"], rows, left_out, *captions)
    digits = num_digits({"scored_real": found.num_real, "scored_fake": found.num_fake})
    thresholds = [
        [each.name, TOO_FEW, "", "", each.note]
        if each.value is None or each.recall is None or each.specificity is None
        else [each.name, f"{each.value:.6g}", f"{each.recall:.{digits}f}", f"{each.specificity:.{digits}f}", ""]
        for each in found.thresholds
    ]
    seen = "recall and specificity are those of the videos that the threshold was chosen on, so somewhat too good"
    heads = ["threshold", "score above it is fake", "recall", "specificity", "note"]
    show("thresholds of the score before calibration", heads, thresholds, seen)
    bands = [
        [band.name, f"{band.low:g} to {band.high:g}", str(band.num_real), str(band.num_fake), *_rates(band, digits)]
        for band in found.bands
    ]
    show("bands of the calibrated score", ["band", "score", "reals", "fakes", "wrong", "95 % interval"], bands)


def _rates(band: object, digits: int) -> tuple[str, str]:
    rate, low, high = (getattr(band, f"error_{name}") for name in ("rate", "low", "high"))
    return ("", "") if rate is None else (f"{rate:.{digits}f}", f"{low:.{digits}f} to {high:.{digits}f}")
