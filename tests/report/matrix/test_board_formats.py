"""A leaderboard as Markdown and LaTeX, read back by other programs."""

import io
import string
from itertools import pairwise
from pathlib import Path

import pandas as pd
from markdown_it import MarkdownIt

from deepfake.names import shown
from deepfake.report.matrix import Leaderboard, board_latex, board_markdown, leaderboards
from tests.report.matrix.latex import WITH_LATEX, compiled, read_rows
from tests.report.matrix.runs import train
from tests.report.page.runs import IMAGE, SCRIPT

NAMES = (
    *(IMAGE, SCRIPT, string.punctuation, "[x](http://y) z", "*star* _under_ ~~gone~~", "![a][b] `code`", "100%0A"),
    *("a|b\\|c\\", "line\nbreak\r\t", "-- --- '' `` ,, ?` !`", "\\end{tabular}\\\\[2em] % $x^2$", "é ü ß “q” … µ ± ≈"),
)


def boards_of(folder: Path, *corpora: str) -> list[Leaderboard]:
    """Return leaderboards of trainings whose folders, options and corpora have hostile names; best is last."""
    for corpus in corpora:
        for i, name in enumerate(NAMES):
            metrics = {"val/video/auc": 0.5 + i / 32, "val/video/log_loss": None if i else 0.5}
            options = [f"notes.a_b|*[{i % 2}]={name}", f"optimizer.lr={0.0012345678 * (i + 1):.10f}"]
            place = folder / shown(corpus).replace("/", "") / f"{i} {name.replace('/', '')}"
            train(place, i, *options, corpus=corpus, metrics=metrics)
    return leaderboards([folder])


def expected(board: Leaderboard) -> list[list[str]]:
    """Return what the CSV says, as people read it: ranks, three digits of drawn numbers, no empty column of metrics."""
    table = pd.read_csv(io.StringIO(board.jobs.to_csv(index=False)), dtype=str, keep_default_na=False)
    assert table.columns[-1] == "test AUC" and not any(table.pop("test AUC"))
    for metric in ("val AUC", "val log-loss"):
        table[metric] = [f"{float(value):.3f}" if value else "" for value in table[metric]]
    table["optimizer.lr"] = [f"{float(value):.3g}" for value in table["optimizer.lr"]]
    table.insert(0, "rank", [f"{i + 1}" for i in range(len(table))])
    return [[shown(cell) for cell in row] for row in (table.columns, *table.to_numpy().tolist())]


def markdown_rows(text: str) -> list[list[str]]:
    """Return the cells of the only table, as GitHub's Markdown reads it, where all must be plain text."""
    rows: list[list[str]] = []
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    assert [token.type for token in tokens].count("table_open") == 1
    for before, token in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            assert {child.type for child in token.children or ()} <= {"text"}
            if before.type in ("th_open", "td_open"):
                rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


def test_markdown_and_latex_say_what_the_csv_says_whatever_the_names(tmp_path: Path) -> None:
    (board,) = boards_of(tmp_path, "demo")
    assert [len(row) for row in expected(board)] == [7] * (len(NAMES) + 1)
    assert markdown_rows(board_markdown(board)) == expected(board)
    assert read_rows(board_latex(board)) == expected(board)


def test_what_must_be_known_stands_below(tmp_path: Path) -> None:
    for i in range(25):
        coverage = {"coverage": {"val": {"scored_real": 8, "scored_fake": 5}}}
        train(tmp_path / f"{i}", i, f"model=m{i}", data=coverage, metrics={"val/video/auc": i / 25})
    (board,) = leaderboards([tmp_path])
    markdown, latex = board_markdown(board, "a note on [a_b]"), board_latex(board, "a note on [a_b]")
    known = "rained on demo: 25 trainings, best val AUC first; val: 8 real, 5 fake videos (aggregate=mean)"
    assert markdown.endswith(f"\n\n- t{known}\n- a note on \\[a\\_b\\]\n")
    assert latex.endswith(f"{{\\footnotesize T{known}.\nA note on {{[}}a\\_b].\\par}}\n")
    ranks = ["rank", *(f"{i + 1}" for i in range(25))]
    assert [row[0] for row in markdown_rows(markdown)] == ranks == [row[0] for row in read_rows(latex)]
    assert markdown_rows(markdown)[1][2:] == ["m24", "0.960"]


@WITH_LATEX
def test_latex_makes_a_page_of_several(tmp_path: Path) -> None:
    boards = boards_of(tmp_path, "demo", "[x] *a_b|<i>&%")
    assert len(boards) == 2
    texts = [board_latex(board, string.punctuation) for board in boards]
    assert compiled(tmp_path, *texts).exists()
