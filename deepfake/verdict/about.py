"""What a reader of a verdict has to know of a detector: what it was trained on, what it was measured on, how well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deepfake.calibration import Calibration
from deepfake.checkpoints import Checkpoint, measures
from deepfake.config.model_name import model_name
from deepfake.errors import DeepfakeError
from deepfake.names import shown
from deepfake.report.page.points import calls
from deepfake.report.page.run_files import RunFiles, read_run
from deepfake.report.page.sections import of_all
from deepfake.report.page.words import at_half, interval, number
from deepfake.report.results import covered
from deepfake.report.tables import num_digits
from deepfake.verdict.quality import FACTOR, seen_of

_UNLIKE = (
    "Other files unlike these, by another camera, compression or way of forging, may be judged wrongly, "
    "and nothing in a score tells."
)


@dataclass(frozen=True, slots=True)
class About:
    """A detector, or several that are combined, in words; each text is whole sentences.

    Attributes:
        name: the network, and what it sees at a time; of several each one, with its name and weight.
        trained: what it was trained on.
        measured: what it was measured on, and how well it did; or that this is not known.
        seen: whether files that are blurred or compressed more than its training clips are told.
        calibrated: what its scores were calibrated on, or that they are not.
    """

    name: str
    trained: str
    measured: str
    calibrated: str
    seen: str = ""

    @property
    def limits(self) -> tuple[str, ...]:
        """The sentences that bound what a verdict says."""
        return tuple(filter(None, (self.trained, self.measured, self.calibrated, self.seen, _UNLIKE)))


def about(
    checkpoints: Mapping[str, Checkpoint],
    weights: Sequence[float],
    calibration: Calibration | None,
    learnt_on: str = "val",
) -> About:
    """Describe one detector, or several that are combined, from their cards and from what training wrote beside them.

    Args:
        checkpoints: name -> checkpoint; the name of one alone is not shown.
        weights: of the detectors.
        calibration: of their scores; None if there is none.
        learnt_on: what the calibration was learnt on, such as `val of demo`.
    """
    calibrated = _calibrated(calibration, learnt_on)
    if len(checkpoints) == 1:
        (alone,) = checkpoints.values()
        return About(_name(alone), _trained(alone), _measured(alone), calibrated, _seen(alone))
    named = [
        f"{shown(name)}, a {_name(each)} (weight {weight:.3f})"
        for (name, each), weight in zip(checkpoints.items(), weights, strict=True)
    ]
    return About(
        name=f"a mean of {len(named)}, by the logits of each person: {'; '.join(named)}",
        trained=" ".join(f"{shown(name)}: {_trained(each)}" for name, each in checkpoints.items()),
        measured=" ".join(f"{shown(name)}: {_measured(each)}" for name, each in checkpoints.items()),
        calibrated=calibrated,
        seen=" ".join(f"{shown(name)}: {_seen(each)}" for name, each in checkpoints.items()),
    )


def _name(checkpoint: Checkpoint) -> str:
    spec = checkpoint.card["spec"]
    sees = "single frames" if spec["clip_length"] == 1 else f"{spec['clip_length']} frames at a time"
    return f"{model_name(checkpoint.card['model'])}, which sees {sees} of {spec['size']} pixels a side"


def _trained(checkpoint: Checkpoint) -> str:
    data = checkpoint.card["data"]
    train = {split: counts for split, counts in data.get("coverage", {}).items() if split == "train"}
    counted = f": {covered(train)}" if train else ""
    return f"It was trained on {data['corpus']} (protocol {data['protocol']}){counted}."


def _measured(checkpoint: Checkpoint) -> str:
    """Say how well a checkpoint did in the test of its training."""
    for folder in checkpoint.path.absolute().parents[:2]:
        try:
            run = read_run(folder)
            if measures(run, checkpoint):
                return _numbers(run)
        except (DeepfakeError, OSError, ValueError, LookupError, TypeError):  # no such run, or one of another kind
            continue
    return "How well it does is not known here: no metrics.json of its training lies beside the checkpoint."


def _numbers(run: RunFiles) -> str:
    auc, counts = run.facts["metrics"][f"{run.split}/video/auc"], run.facts["data"]["coverage"][run.split]
    row = of_all(run.numbers).get("auc")
    sure = "" if row is None or not interval(row) else f" (95 % interval {interval(row)})"
    said = at_half(calls(run.videos)) if run.videos is not None else ""
    what = f"On the {run.split} split of {run.corpus}, {covered({run.split: counts})[len(run.split) + 1 :]}"
    return f"{what}, its AUC is {number(auc, num_digits(counts))}{sure}. {said}".strip()


def _seen(checkpoint: Checkpoint) -> str:
    seen = seen_of(checkpoint.card)
    if seen is None:
        return (
            "How blurred or compressed its training clips were is not known, so faces that are more so have scores too."
        )
    return (
        f"A face that is {FACTOR} times less sharp than 99 % of {seen.clips} training clips, or whose 8x8 blocks stand "
        f"out {FACTOR} times more, has no score."
    )


def _calibrated(calibration: Calibration | None, learnt_on: str) -> str:
    if calibration is None:
        return (
            "Its scores are not calibrated: they rank files, and do not tell how likely a manipulation is. "
            "A score above 0.5 is called fake."
        )
    learnt = f"{calibration.num_real} real and {calibration.num_fake} fake videos of {shown(learnt_on)}"
    return f"Its scores are calibrated on {learnt}, for files of which {100 * calibration.prior:g} % are fake."
