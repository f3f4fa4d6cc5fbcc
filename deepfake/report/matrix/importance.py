"""Which of a sweep's options matter: by how much worse a forest predicts val AUC if it is told a wrong value."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold

FEWEST = 12  # jobs, below which nothing is said
A_PARAMETER = 4  # jobs at least for each option
NUM_FOLDS = 5
_NAMES = ("seed",)  # options whose numbers are names


def importance(options: pd.DataFrame, values: Sequence[float]) -> dict[str, float] | str:
    """Return the importance of each option, or why none can be told.

    Forests are fitted to four fifths of the jobs. Of the last fifth one option after the other is shuffled, and the
    importance is half of what the mean squared error rises by, as a share of the variance, and a mean over fifths. So
    an option that does nothing has about 0, and may have less; one that explains all has about 1.

    Args:
        options: (J, P) the text of each option, empty where it was not given.
        values: (J,) val AUC.

    Returns:
        Option -> importance, the highest first; or a sentence.
    """
    needed = max(FEWEST, A_PARAMETER * options.shape[1])
    if len(options) < needed:
        return (
            f"{len(options)} jobs are too few to tell which of {options.shape[1]} options matter: {needed} are needed"
        )
    known, target = np.column_stack([numbers(options[name]) for name in options]), np.asarray(values, np.float64)
    if np.ptp(target) == 0:
        return "all jobs have the same val AUC"
    found, explained = [], []
    for train, test in KFold(NUM_FOLDS, shuffle=True, random_state=0).split(known):
        forest = RandomForestRegressor(50, random_state=0).fit(known[train], target[train])
        drop = permutation_importance(
            forest, known[test], target[test], scoring="neg_mean_squared_error", n_repeats=5, random_state=0
        )
        found.append(drop.importances_mean / (2 * target.var()))
        explained.append(1 - np.square(forest.predict(known[test]) - target[test]).mean() / target.var())
    if np.mean(explained) <= 0:
        return (
            "the options explain nothing of the val AUC of jobs that a forest has not seen: none can be told to matter"
        )
    each = dict(zip(options, np.mean(found, axis=0).tolist(), strict=True))
    return dict(sorted(each.items(), key=lambda item: -item[1]))


def numbers(words: pd.Series) -> np.ndarray:
    """Return an option as numbers (J,): its own, or where a value is no number the places of values in their order.

    A value that was not given is below all others.

    Example:
        >>> numbers(pd.Series(["0.1", "", "0.5"])), numbers(pd.Series(["meso4", "effnet", "meso4"]))
        (array([ 0.1, -0.9,  0.5]), array([1., 0., 1.]))
    """
    if is_number(words):
        found = pd.to_numeric(words.where(words != "")).to_numpy(np.float64)
        return np.where(np.isnan(found), np.nanmin(found) - 1, found)
    return np.unique(words.to_numpy(str), return_inverse=True)[1].ravel().astype(np.float64)


def is_number(words: pd.Series) -> bool:
    """Return whether all values that were given are finite numbers, and not names as seeds are."""
    given = pd.to_numeric(words[words != ""], errors="coerce").to_numpy(np.float64)
    return bool(len(given)) and bool(np.isfinite(given).all()) and words.name not in _NAMES
