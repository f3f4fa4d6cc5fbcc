"""A verdict in whole sentences."""

from deepfake.calibration.bands import EDGES, MIDDLE
from deepfake.names import shown
from deepfake.verdict.result import Explanation, FileResult, PersonResult
from deepfake.verdict.verdict import Because, Verdict

_FAKE, _REAL = "fake", "real"
_KINDS = {
    Verdict.STRONG_REAL: _REAL,
    Verdict.MODERATE_REAL: _REAL,
    Verdict.REAL: _REAL,
    Verdict.STRONG_FAKE: _FAKE,
    Verdict.MODERATE_FAKE: _FAKE,
    Verdict.FAKE: _FAKE,
}
_WHY = {
    Because.UNREADABLE: "The file could not be read.",
    Because.FAILED: "The machine or the program failed; the same command tries the file again.",
    Because.NO_FACE: "No face was found in the frames that were looked at.",
    Because.TOO_SHORT: "Nothing lasts long enough for the detector.",
    Because.FACE_TOO_SMALL: "The detector would see too few pixels of the face.",
    Because.BLURRED: "The detector was trained on sharper faces; this one is blurred, or of too few pixels.",
    Because.COMPRESSED: "The detector was trained on faces that were compressed less.",
    Because.TOO_MANY_FACES: "The highest of so many scores is high by chance alone.",
    Because.NOT_MAIN_FACE: "Only the main face was scored.",
}
_CONTROLS = 20
_MOST_CUTS = 12  # whose times are named


def kind_of(verdict: Verdict) -> str:
    """Return `real`, `fake` or `other`, the kind that the page colours and marks a verdict by."""
    return _KINDS.get(verdict, "other")


def headline(result: FileResult | PersonResult) -> str:
    """Return a verdict in a few words.

    Example:
        >>> from tests.verdict.made import FACELESS, SCORED
        >>> headline(SCORED), headline(FACELESS)
        ('Fake, by a score that is not calibrated', 'Inconclusive: no face')
    """
    if result.because is not None:
        return f"Inconclusive: {result.because}"
    if result.calibrated is None:
        return f"{result.verdict.capitalize()}, by a score that is not calibrated"
    return result.verdict.capitalize()


def sentences(result: FileResult) -> list[str]:
    """Return what a file's verdict rests on, and how sure it is."""
    if result.because is not None:
        reason = f"{shown(result.reason)[:1].upper()}{shown(result.reason)[1:]}." if result.reason else ""
        why = [
            _WHY[result.because],
            reason,
            *_of_detectors(result),
            "This says nothing about whether it was manipulated.",
        ]
        return [*filter(None, why)]
    whose = f"that of person {result.person}" if result.person else "the mean of all clips"
    several = sum(person.score is not None for person in result.persons) > 1
    own = _of_detectors(result)
    named = f" The file's score is {whose}, the highest." if several and result.person else ""
    named = named or (f" The file's score is {whose}." if result.person is None else "")
    if result.calibrated is None:
        uncalibrated = "it ranks files, and does not tell how likely a manipulation is; above 0.5 is called fake."
        return [f"The score is {result.score:.3f} of 1. It is not calibrated: {uncalibrated}{named}", *own]
    whose_own = "the detectors' combined one" if own else "the detector's own"
    said = [f"The calibrated score is {result.calibrated:.3f} of 1 ({whose_own} is {result.score:.3f}).{named}", *own]
    if result.error_rate is not None:
        sure = ""
        if result.error_low is not None and result.error_high is not None:
            sure = f" (95 % interval {100 * result.error_low:.0f} to {100 * result.error_high:.0f} %)"
        rate = f"{100 * result.error_rate:.1f} %{sure}"
        said.append(f"By the videos of val, this verdict is wrong for {rate}, if fakes are as common as was assumed.")
    elif result.verdict is Verdict.NOT_CONCLUSIVE:
        low, high = EDGES[MIDDLE - 1 : MIDDLE + 1]
        said.append(f"Scores between {low} and {high} tell too little for a verdict.")
    else:
        said.append("No val video had this verdict, so how often it is wrong is not known.")
    return said


def _of_detectors(result: FileResult) -> list[str]:
    """Return what several detectors say of a file, each for itself, unless all say why there is no score."""
    reasons = {one.because for one in result.detectors}
    if not reasons or (len(reasons) == 1 and None not in reasons):
        return []
    scores = ", ".join(
        f"{shown(one.detector)} {one.because if one.score is None else f'{one.score:.3f}'}" for one in result.detectors
    )
    return [f"Each detector by itself says of the file: {scores}."]


def counted(result: FileResult) -> str:
    """Say how many persons there are, where pieces that look alike are of one.

    Example:
        >>> from dataclasses import replace
        >>> from tests.verdict.made import PERSON, SCORED
        >>> persons = PERSON, replace(PERSON, person=2), replace(PERSON, person=3, looks_like=1)
        >>> [counted(replace(SCORED, persons=some)) for some in (persons[:1], persons[:2], persons, persons[::2])]
        ['The person', '2 persons', '2 persons, in 3 pieces', 'The person, in 2 pieces']
    """
    pieces = len(result.persons)
    number = sum(person.looks_like is None for person in result.persons)
    return ("The person" if number == 1 else f"{number} persons") + (f", in {pieces} pieces" if number < pieces else "")


def seen(result: FileResult) -> str:
    """Say how much of a file was looked at."""
    if not result.num_frames:
        return "None of it was looked at."
    if result.num_frames == 1:
        return "It is one picture."
    seconds = f" ({result.seen_s:.1f} of {result.duration_s:.1f} seconds)" if result.duration_s else ""
    some = result.num_sampled < result.num_frames
    rest = " What happens in the others, nobody has seen." if some else ""
    return f"{result.num_sampled} of {result.num_frames} frames were looked at{seconds}.{rest}"


def cuts_of(result: FileResult) -> str:
    """Say where cuts were seen.

    Example:
        >>> from dataclasses import replace
        >>> from tests.verdict.made import SCORED
        >>> from deepfake.verdict import Cut
        >>> cuts_of(replace(SCORED, num_sampled=300, cuts=(Cut(60, 2.4), Cut(110, 4.4))))
        'Dashed lines are cuts: at 0:02.4, 0:04.4.'
    """
    if result.cuts is None:
        return "Where cuts are is not known."
    named = ", ".join(clock(cut.second) for cut in result.cuts[:_MOST_CUTS])
    more = len(result.cuts) - _MOST_CUTS
    hidden = " Cuts between frames that were not looked at are not marked." * (result.num_sampled < result.num_frames)
    if not named:
        return f"No cut was seen.{hidden}"
    return f"Dashed lines are cuts: at {named}{f' and {more} more' if more > 0 else ''}.{hidden}"


def clock(second: float) -> str:
    """Write a time as players do.

    Example:
        >>> clock(3.25), clock(83), clock(3723.5)
        ('0:03.2', '1:23.0', '1:02:03.5')
    """
    minutes, tenths = divmod(int(second * 10 + 1e-6), 600)
    rest = f"{tenths // 10:02}.{tenths % 10}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest}" if minutes >= 60 else f"{minutes}:{rest}"


def checked(explanation: Explanation) -> str:
    """Say what became of the check of a heat map."""
    beaten = round(explanation.surpassed * _CONTROLS)
    score = f"the score goes from {explanation.score:.3f} to {explanation.hidden_score:.3f}"
    if explanation.passes:
        return (
            f"The check is passed: when the marked tenth is blurred, {score}, a larger change than in {beaten} of "
            f"{_CONTROLS} other places."
        )
    return (
        f"The check failed, so this map explains nothing: when the marked tenth is blurred, {score}, a larger change "
        f"than in only {beaten} of {_CONTROLS} other places."
    )
