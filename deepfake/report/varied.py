"""The options in which jobs differ, which is what a table of them has to show."""

import re
import shlex
from collections.abc import Iterable


def varied(overrides: Iterable[str]) -> list[str]:
    """Return the names of the options in which jobs differ.

    Args:
        overrides: the options of each job, as in `sweep.csv`.

    Example:
        >>> varied(["model=meso4 seed=0 logger=csv", "model=meso4 seed=1 logger=csv ~callbacks.progress"])
        ['seed', '~callbacks.progress']
    """
    jobs = [given_options(words) for words in overrides]
    names = dict.fromkeys(name for job in jobs for name in job)
    return [name for name in names if len({job.get(name) for job in jobs}) > 1]


def given_options(words: str) -> dict[str, str]:
    """Return option -> value for one job; an option without a value, such as `~callbacks.progress`, gets `yes`."""
    found: dict[str, str] = {}
    for word in shlex.split(words):
        name, is_option, value = word.partition("=")
        if is_option or word.startswith("~"):
            found[name] = value or "yes"
    return found


def brief(value: str) -> str:
    """Return three digits of a number that a search has drawn, and any other value as it is.

    Example:
        >>> brief("0.0038322168504927897"), brief("0.25"), brief("meso4")
        ('0.00383', '0.25', 'meso4')
    """
    drawn = re.fullmatch(r"\d+\.\d{6,}(e-?\d+)?", value)
    return f"{float(drawn[0]):.3g}" if drawn else value
