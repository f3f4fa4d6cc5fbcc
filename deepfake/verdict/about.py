"""What a reader of a verdict has to know of the detector: what it was trained on, what it was measured on, how well."""

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
from deepfake.verdict.quality import FACTOR, Seen, seen_of

_UNLIKE = (
    "Files unlike these, by another camera, compression or way of forging, may be judged wrongly, "
    "and nothing in a score tells."
)


@dataclass(frozen=True, slots=True)
class About:
    """A detector in words; each text is whole sentences.

    Attributes:
        name: the network, and what it sees at a time.
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


def about(checkpoint: Checkpoint, calibration: Calibration | None, learnt_on: str = "val") -> About:
    """Describe the detector of a checkpoint, from its card and from what its training wrote beside it.

    Args:
        checkpoint: the checkpoint.
        calibration: of its scores; None if there is none.
        learnt_on: what the calibration was learnt on, such as `val of demo`.
    """
    card = checkpoint.card
    data, length = card["data"], card["spec"]["clip_length"]
    sees = "single frames" if length == 1 else f"{length} frames at a time"
    train = {split: counts for split, counts in data.get("coverage", {}).items() if split == "train"}
    counted = f": {covered(train)}" if train else ""
    return About(
        name=f"{model_name(card['model'])}, which sees {sees} of {card['spec']['size']} pixels a side",
        trained=f"It was trained on {data['corpus']} (protocol {data['protocol']}){counted}.",
        measured=_measured(checkpoint),
        calibrated=_calibrated(calibration, learnt_on),
        seen=_seen(seen_of(card)),
    )


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


def _seen(seen: Seen | None) -> str:
    if seen is None:
        return (
            "How blurred or compressed its training clips were is not known, so faces that are more so have scores too."
        )
    return (
        f"A face that is more than {FACTOR} times as blurred or compressed as 99 % of {seen.clips} training clips "
        "has no score."
    )


def _calibrated(calibration: Calibration | None, learnt_on: str) -> str:
    if calibration is None:
        return (
            "Its scores are not calibrated: they rank files, and do not tell how likely a manipulation is. "
            "A score above 0.5 is called fake."
        )
    learnt = f"{calibration.num_real} real and {calibration.num_fake} fake videos of {shown(learnt_on)}"
    return f"Its scores are calibrated on {learnt}, for files of which {100 * calibration.prior:g} % are fake."
