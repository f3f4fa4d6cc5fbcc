"""What must be known of a cell besides its number: whether train and test have reals in common, and how."""

from collections.abc import Collection, Iterable

from deepfake.corpora.kinship import share_reals
from deepfake.report.matrix.results import Result

SAME, LEFT_OUT, KIN, PROTOCOL, UNKNOWN = "s", "l", "r", "p", "u"
TEXTS = {
    SAME: "trained on the same corpus: the reals of train and test come from one source",
    LEFT_OUT: "leave-one-out: the fakes of train are by other methods, its reals are of the same corpus",
    KIN: "trained on a corpus that has real videos in common with the one that is tested",
    PROTOCOL: "by its protocol, train has the source videos of test videos",
    UNKNOWN: "a table of predictions: nothing is known of what its detector was trained on",
}


def marks_of(result: Result, methods: Collection[str]) -> tuple[str, ...]:
    """Return the letters of what is true of a test.

    Args:
        result: the test.
        methods: of the fakes that are measured.
    """
    if result.is_table:
        return (UNKNOWN,)
    trained, tested = result.trained_on[0], result.corpus
    found = []
    if trained and trained == tested:
        known = result.trained_methods
        found.append(LEFT_OUT if known and methods and not known & set(methods) else SAME)
    if share_reals(trained, tested) or (trained != tested and result.reals and result.reals[0] & result.reals[1]):
        found.append(KIN)
    if result.shared:
        found.append(PROTOCOL)
    return tuple(found)


def kin_by_names(results: Iterable[Result]) -> list[str]:
    """Say in which tests reals in common are known by the names of corpora alone, a sentence at most."""
    unknown = [
        each for each in results if each.reals is None and each.trained_on[0] not in ("", "unknown", each.corpus)
    ]
    if not unknown:
        return []
    tests = "1 test" if len(unknown) == 1 else f"{len(unknown)} tests"
    how = f"reals in common ({KIN}) follow from names of corpora alone"
    return [f"of {tests} the real files are not recorded, as by older versions: {how}"]


def merged(marks: Iterable[Collection[str]]) -> tuple[str, ...]:
    """Return all letters of several tests, in the order of the footnotes."""
    found = {mark for each in marks for mark in each}
    return tuple(mark for mark in TEXTS if mark in found)
