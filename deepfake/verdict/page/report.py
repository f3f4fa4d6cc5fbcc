"""Writes `report.html`: the verdicts on many files as one page that needs no network."""

import heapq
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup

from deepfake.atomic import write_atomic
from deepfake.names import shown
from deepfake.report.page.frame import frame, read
from deepfake.verdict.about import About
from deepfake.verdict.page.card import card_html, environment_of_cards, style
from deepfake.verdict.page.sentences import kind_of
from deepfake.verdict.result import FileResult

FILE = "report.html"
MOST_CARDS = 100  # a page of more would take minutes to load


def write_report(results: Iterable[tuple[str, FileResult]], folder: Path, about: About, *, explain: bool) -> Path:
    """Write the page, and return its path.

    The most suspicious files come first, and those without a score last; the first `MOST_CARDS` have cards.

    Args:
        results: how people are told of each file, and its result; they are gone through once, and few are kept.
        folder: where to write.
        about: what the detector is.
        explain: whether heat maps were asked for.
    """
    counts: Counter[str] = Counter()
    rated = ((_place(number, result, counts), name, result) for number, (name, result) in enumerate(results))
    chosen = heapq.nsmallest(MOST_CARDS, rated, key=lambda each: each[0])
    total = counts.total()
    files = [
        {
            "number": number,
            "name": shown(name),
            "kind": kind_of(result.verdict),
            "words": str(result.because or result.verdict),
            "score": result.score,
            "calibrated": result.calibrated,
            "card": Markup(card_html(result, about, name=name, number=number)),
        }
        for number, (_, name, result) in enumerate(chosen, start=1)
    ]
    page = environment_of_cards().get_template("report.html")
    content = page.render(
        **frame([read("theme.js")], style()),
        title=f"Verdicts on {total} {'file' if total == 1 else 'files'}",
        about=about,
        counts=[f"{count} {words}" for words, count in counts.most_common()],
        files=files,
        num_left_out=total - len(files),
        calibrated=any(file["calibrated"] is not None for file in files),
        explain=explain,
    )
    write_atomic(folder / FILE, content.encode())
    return folder / FILE


def _place(number: int, result: FileResult, counts: Counter[str]) -> tuple[bool, float, int]:
    """Count a result, and return what the cards are sorted by."""
    counts[str(result.because or result.verdict)] += 1
    return result.score is None, -(result.score or 0.0), number
