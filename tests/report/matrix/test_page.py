"""The matrix as a page: its text, and in a browser."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from deepfake.report.matrix import build_matrix, leaderboards, read_results, write_matrix_page
from tests.browser import IN_CHROMIUM, browser
from tests.report.matrix.runs import evaluate, train
from tests.report.page.runs import IMAGE, SCRIPT
from tests.report.page.test_browser import opened

__all__ = ["browser"]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matrix of three trainings and an evaluation, and a sweep of 16 jobs, with hostile names."""
    folder = tmp_path_factory.mktemp("matrix")
    for i, (name, skill) in enumerate({SCRIPT: 0.0, IMAGE: 0.3, "effnet": 0.1}.items()):
        train(folder / "runs" / f"{i}", i, f"notes.x={i} {name}", skill=skill, num=40)
    evaluate(folder / "runs" / "b", 7, folder / "runs" / "0", corpus="demo_b<i>", num=40)
    for i, rate in enumerate(np.geomspace(1e-5, 1e-2, 16)):
        metrics = {"val/video/auc": 0.6 + 0.02 * i, "val/video/log_loss": 0.5}
        train(
            folder / "runs" / f"job{i}",
            i,
            f"optimizer.lr={rate}",
            f"model={SCRIPT if i % 2 else IMAGE}",
            metrics=metrics,
        )
    runs = [folder / "runs"]
    return write_matrix_page(folder, build_matrix(read_results(runs)), leaderboards(runs), [SCRIPT], ["python", IMAGE])


def test_names_are_text_and_the_page_is_whole(page_file: Path) -> None:
    html = page_file.read_text()
    body = re.sub(r"<script.*?</script>|<style.*?</style>", "", html, flags=re.DOTALL)
    assert "<img" not in body and "window.ran='script'</script>" not in body and "&lt;img src=x" in body
    assert "demo_b&lt;i&gt;" in body and 'class="number best"' in body
    assert "scores of videos: aggregate=mean" in body and "best val AUC first (aggregate=mean)" in body
    assert html.count('data-spec="board') == 2 and page_file.stat().st_size < 2_000_000


@pytest.mark.parametrize(("width", "theme"), [pytest.param(1280, "light"), pytest.param(375, "dark")])
@pytest.mark.slow
@IN_CHROMIUM[1]
def test_it_draws_sorts_fits_and_asks_for_nothing(browser: Browser, page_file: Path, width: int, theme: str) -> None:
    page, faults = opened(browser, page_file, width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for chart in ("board-0-options", "board-0-importance"):
        place = page.locator(f"[data-chart='{chart}']")
        assert place.locator("svg .role-mark path, svg .role-mark line").count() > 0
        assert place.locator("svg").bounding_box()["width"] <= place.bounding_box()["width"] + 1  # type: ignore[index]
    for table, number in (("tested", 3), ("board-0", 4)):
        head = page.locator(f"#{table} th").nth(number - 1)
        for direction in ("ascending", "descending"):
            head.locator("button").press("Enter")
            assert head.get_attribute("aria-sort") == direction
            cells = f"#{table} td:nth-child({number})"
            texts = page.eval_on_selector_all(cells, "all => all.map(each => each.dataset.order ?? each.textContent)")
            known = [float(text) for text in texts if text]
            assert len(known) > 2 and known == sorted(known, reverse=direction == "descending")
    assert page.evaluate("window.ran") is None and page.locator("img").count() == 0
    assert faults == []
