"""The numbers of the matrix against scikit-learn and a plain loop of DeLong's, its marks, and its files."""

import math
import string
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from deepfake.metrics import holm, measure
from deepfake.report.matrix import Matrix, build_matrix, latex, markdown, read_results, tidy
from deepfake.report.matrix.cells import Cell
from tests.report.matrix.latex import WITH_LATEX, compiled
from tests.report.matrix.runs import auc_of, evaluate, train, videos_of


def built(folder: Path) -> Matrix:
    return build_matrix(read_results([folder]))


def cell_of(matrix: Matrix, column: str, row: int = 0) -> Cell:
    found = next(each for each in (*matrix.columns, *matrix.by_method) if each.name == column).cells[row]
    assert found
    return found


def placements(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of pairs that each fake and each real wins, by a loop."""
    videos = videos_of(table)
    fakes, reals = (videos.loc[videos["label"] == label, "score"].to_numpy() for label in (1, 0))
    won = np.zeros((len(fakes), len(reals)))
    for i, j in product(range(len(fakes)), range(len(reals))):
        won[i, j] = 1.0 if fakes[i] > reals[j] else 0.5 if fakes[i] == reals[j] else 0.0
    return won.mean(1), won.mean(0)


def variance(of_fakes: np.ndarray, of_reals: np.ndarray) -> float:
    return float(of_fakes.var(ddof=1) / len(of_fakes) + of_reals.var(ddof=1) / len(of_reals))


def test_a_cell_is_delongs_interval_and_marks_are_his_test_by_holm(tmp_path: Path) -> None:
    skills = {"best": 0.2, "close": 0.2, "middle": 0.1, "poor": 0.0}
    tables = {
        name: train(tmp_path / name, i, f"model={name}", skill=skill, num=40)
        for i, (name, skill) in enumerate(skills.items())
    }
    found = built(tmp_path)
    names = [row[0] for row in found.rows]
    areas = {name: roc_auc_score(*videos_of(tables[name])[["label", "score"]].to_numpy().T) for name in names}
    for i, name in enumerate(names):
        one, area = cell_of(found, "demo", i).estimate, areas[name]
        reach = norm.ppf(0.975) * math.sqrt(variance(*placements(tables[name]))) / (area * (1 - area))
        assert (one.value, one.low, one.high) == pytest.approx(
            (area, expit(logit(area) - reach), expit(logit(area) + reach))
        )
    top = max(names, key=lambda name: areas[name])
    others = [name for name in names if name != top]
    p_values = []
    for name in others:
        pairs = zip(placements(tables[top]), placements(tables[name]), strict=True)
        error = math.sqrt(variance(*(one - other for one, other in pairs)))
        p_values.append(2 * norm.sf((areas[top] - areas[name]) / error))
    adjusted = dict(zip(others, holm(p_values), strict=True))
    cells = {name: cell_of(found, "demo", i) for i, name in enumerate(names)}
    assert [name for name, cell in cells.items() if cell.best] == [top]
    assert {name: cells[name].p_holm for name in others} == pytest.approx(adjusted)
    assert {name: cells[name].near for name in others} == {name: adjusted[name] >= 0.05 for name in others}
    assert any(cell.near for cell in cells.values()) and not cells["poor"].near


def test_people_who_are_known_are_drawn_as_a_whole(tmp_path: Path) -> None:
    table = train(tmp_path / "a", 0, "model=a", people=True, num=40)
    train(tmp_path / "b", 1, "model=b", num=40)  # a run of before people were written
    videos = videos_of(table)
    expected = measure(videos["score"], videos["label"], clusters=np.arange(40) // 4)["auc"]
    found = built(tmp_path)
    assert cell_of(found, "demo").estimate == expected
    assert any("of demo people are known, and are drawn as a whole" in note for note in found.notes)


def test_pooled_and_mean(tmp_path: Path) -> None:
    one = train(tmp_path / "a", 0, "model=a", num=40)
    other = evaluate(tmp_path / "a_b", 1, tmp_path / "a", corpus="demo_b", num=20)
    lone = train(tmp_path / "b", 2, "model=b", num=40)
    found = built(tmp_path)
    videos = pd.concat([videos_of(one), videos_of(other)])
    pooled, mean = cell_of(found, "pooled"), cell_of(found, "mean")
    assert pooled.estimate.value == pytest.approx(roc_auc_score(videos["label"], videos["score"]))
    assert pooled.estimate == measure(videos["score"], videos["label"])["auc"]
    each = [cell_of(found, name).estimate for name in ("demo", "demo_b")]
    assert mean.estimate.value == pytest.approx((auc_of(one) + auc_of(other)) / 2)
    assert mean.estimate.low == pytest.approx(mean.estimate.value - math.hypot(*(e.value - e.low for e in each)) / 2)
    assert mean.estimate.high == pytest.approx(mean.estimate.value + math.hypot(*(e.high - e.value for e in each)) / 2)
    # About the interval by the variance of a mean of independent numbers, sum / K^2.
    error = math.sqrt(variance(*placements(one)) + variance(*placements(other))) / 2
    assert mean.estimate.high - mean.estimate.low == pytest.approx(2 * norm.ppf(0.975) * error, rel=0.15)
    column = next(each for each in found.columns if each.name == "pooled")
    assert column.cells[1] is None and cell_of(found, "mean", 1).estimate.value == pytest.approx(auc_of(lone))
    assert "(1 of 2 columns)" in markdown(found)
    assert any("a row that lacks a column has no pooled AUC" in note for note in found.notes)


def test_one_run_alone_is_compared_with_nothing(tmp_path: Path) -> None:
    table = train(tmp_path / "run", 0, "model=meso4")
    found = built(tmp_path)
    cell = cell_of(found, "demo")
    assert found.rows == [["meso4", "demo"]] and found.heads == ["model", "trained on"]
    assert cell.estimate.value == pytest.approx(auc_of(table)) and not cell.best and math.isnan(cell.p_holm)
    assert [each.name for each in found.columns] == ["demo"]


def test_equal_ones_are_all_the_best(tmp_path: Path) -> None:
    for name in "ab":
        train(tmp_path / name, 0, f"model={name}", skill=0.3)
    train(tmp_path / "c", 0, "model=c", skill=0.0)
    found = built(tmp_path)
    assert [cell_of(found, "demo", i).best for i in range(3)] == [True, True, False]


def test_rows_with_scores_of_different_videos_are_not_marked(tmp_path: Path) -> None:
    tables = [train(tmp_path / name, i, f"model={name}", num=20) for i, name in enumerate("ab")]
    path = tmp_path / "b" / "predictions.csv"
    tables[1] = tables[1][tables[1]["video_id"] != "v000"]
    tables[1].to_csv(path, index=False)
    found = built(tmp_path)
    for i, table in enumerate(tables):
        cell = cell_of(found, "demo", i)
        assert cell.estimate.value == pytest.approx(auc_of(table)) and not (cell.best or cell.near)
    assert "demo is not marked: rows have scores of different videos" in found.notes
    assert "not marked" in markdown(found) and "not marked" in latex(found)


def test_shared_reals_are_marked(tmp_path: Path) -> None:
    # Trained on the corpus that is tested, and on one with the same reals; fakes of another method than train's.
    methods = {"methods": {"train": {"swap": 3}}}
    train(tmp_path / "a", 0, "data=ffpp", corpus="ffpp", data=methods)
    evaluate(tmp_path / "a_dfo", 1, tmp_path / "a", corpus="dfo", state="d")
    evaluate(tmp_path / "a_demo", 1, tmp_path / "a", corpus="demo", state="e")
    shared = {"protocol": "published", "shared_sources": {"train": 6}}
    train(tmp_path / "b", 0, "data=celebdf", corpus="celebdf", data=shared)
    found = built(tmp_path)
    assert cell_of(found, "ffpp").marks == ("s",)
    assert cell_of(found, "ffpp: swap").marks == ("s",) and cell_of(found, "ffpp: flick|er").marks == ("l",)
    assert cell_of(found, "dfo").marks == ("r",) and cell_of(found, "demo").marks == ()
    assert cell_of(found, "celebdf", 1).marks == ("s", "p")
    assert cell_of(found, "mean").marks == ("s", "r")
    text = markdown(found)
    assert "<sup>l</sup> leave-one-out" in text and "<sup>r</sup> trained on a corpus that has real videos" in text


def test_corpora_of_a_users_own_are_known_by_their_real_files(tmp_path: Path) -> None:
    """Leave-one-out by hand: each corpus has a name of its own and fakes of one method, and all have the same reals."""
    own = {"reals": {"train": "aa bb", "val": "cc", "test": "dd"}}
    train(tmp_path / "a", 0, "data=folder", corpus="with_swap", data=own)
    tested = {"left_out": "dd", "others": "ee ff", "none": ""}
    for i, (name, reals) in enumerate(tested.items()):
        trained = {"corpus": "with_swap", **own}
        data = {"reals": {"test": reals}}
        evaluate(tmp_path / name, 1 + i, tmp_path / "a", corpus=name, state=f"{i}", data=data, trained_on=trained)
    found = built(tmp_path)
    marks = {name: cell_of(found, name).marks for name in ("with_swap", *tested)}
    assert marks == {"with_swap": ("s",), "left_out": ("r",), "others": (), "none": ()}
    assert "older version" not in markdown(found)


def test_older_runs_are_known_by_the_names_of_corpora_and_this_is_said(tmp_path: Path) -> None:
    train(tmp_path / "a", 0, "data=ffpp", corpus="ffpp")
    evaluate(tmp_path / "a_dfo", 1, tmp_path / "a", corpus="dfo", state="d", data={"reals": {"test": "aa"}})
    found = built(tmp_path)
    assert cell_of(found, "dfo").marks == ("r",)
    assert "of 1 test the real files are not recorded, as by older versions: reals in common (r)" in markdown(found)


def test_the_tidy_table_has_a_row_for_each_cell(tmp_path: Path) -> None:
    train(tmp_path / "a", 0, "model=a")
    evaluate(tmp_path / "a_b", 1, tmp_path / "a", corpus="demo_b")
    found = tidy(built(tmp_path))
    assert found["column"].tolist() == [
        *("demo", "demo_b", "pooled", "mean"),
        *("demo: flick|er", "demo: swap", "demo_b: flick|er", "demo_b: swap"),
    ]
    assert found["interval"].tolist()[3] == "MOVER" and found["state"].tolist()[:1] == ["c" * 16]
    assert {"auc", "low", "high", "p_holm", "best", "not_worse", "num_real", "marks"} <= {*found}


def test_names_are_escaped_in_latex_and_markdown(tmp_path: Path) -> None:
    train(tmp_path / "a", 0, "model=a_b&c%", skill=0.6, num=40)
    train(tmp_path / "b", 1, "model=<b>$x^2~{#}|\\", num=40)
    found = built(tmp_path)
    text = latex(found)
    assert r"a\_b\&c\% & demo &" in text and "booktabs" in text.splitlines()[0]
    assert r"\textless{}b\textgreater{}\$x\textasciicircum{}2\textasciitilde{}\{\#\}\textbar{}" in text
    lines = text.splitlines()
    head, first, second = (lines[i] for i in (3, 5, 6))
    assert lines[2] == r"\toprule" and lines[4] == r"\midrule" and lines[7] == r"\bottomrule"
    assert all(line.endswith(r"\\") for line in (head, first, second))
    ends = [line.replace(r"\&", "").count("&") for line in (head, first, second)]
    assert ends == [len(found.heads) + len(found.columns) - 1] * 3
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert r"\textbf{" in first
    rows = markdown(found).splitlines()
    assert len({row.count("|") - row.count("\\|") for row in rows[:4]}) == 1
    assert "<b>" not in markdown(found) and "&lt;b&gt;" in markdown(found)


@WITH_LATEX
def test_latex_makes_a_page_of_it(tmp_path: Path) -> None:
    for draw, name in enumerate(("[x] y", "*star", string.punctuation, "é ü ß “q” … µ")):
        train(tmp_path / str(draw), draw, f"model={name}", skill=0.1 * draw, num=40)
    assert compiled(tmp_path, latex(built(tmp_path), "A note on [a_b]")).exists()
