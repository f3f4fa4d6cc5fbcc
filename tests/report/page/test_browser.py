"""The page in a browser: it draws, sorts, fits a phone, asks for nothing, and runs nothing that a name holds."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from deepfake.report.page import write_page
from deepfake.report.page.look import DARK, LIGHT
from tests.browser import IN_CHROMIUM, browser
from tests.report.page.runs import IMAGE, METHOD, SCRIPT, beside_real, face, learnt_elsewhere, write_evaluation

__all__ = ["browser"]
pytestmark = IN_CHROMIUM
CHARTS = ["roc", "precision-recall", "det", "scores", "reliability", "by-method", "robustness"]
CHARTS += ["learning-loss", "learning-auc"]
OF_BANDS = ["band-counts", "band-errors"]
DRAWN = "document.querySelectorAll('[data-drawn]').length === document.querySelectorAll('[data-chart]').length"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(write_evaluation(tmp_path_factory.mktemp("page") / "run"), face, beside_real)


def opened(browser: Browser, report: Path, width: int, theme: str) -> tuple[Page, list[str]]:
    """Open the page until all is drawn, and return it with what went wrong so far."""
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme).new_page()  # type: ignore[arg-type]
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    allowed = ("file:", "data:")
    page.on("request", lambda request: None if request.url.startswith(allowed) else faults.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_function(DRAWN, timeout=60_000)
    return page, faults


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (375, "dark")])
def test_every_chart_is_drawn_and_fits(browser: Browser, report: Path, width: int, theme: str) -> None:
    page, faults = opened(browser, report, width, theme)
    assert page.eval_on_selector_all("[data-chart]", "all => all.map(each => each.dataset.chart)") == CHARTS
    for chart in CHARTS:
        place = page.locator(f"[data-chart='{chart}']")
        marks = place.locator("svg .role-mark path, svg .role-mark line").count()
        assert marks > 0, chart
        assert place.locator("svg .mark-area path").count() == (1 if chart in CHARTS[:3] else 0)  # the band of all
        assert len(place.get_attribute("aria-label") or "") > 30
        assert place.locator("svg").bounding_box()["width"] <= place.bounding_box()["width"] + 1  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    colour = page.evaluate("getComputedStyle(document.querySelector('.mark-line path')).stroke")
    muted = (DARK if theme == "dark" else LIGHT)["--muted"]
    assert colour == f"rgb({', '.join(str(int(muted[i : i + 2], 16)) for i in (1, 3, 5))})"
    assert faults == []


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (375, "dark")])
def test_a_calibration_adds_its_bands_and_thresholds(browser: Browser, tmp_path: Path, width: int, theme: str) -> None:
    calibrated = write_page(write_evaluation(tmp_path, learnt_elsewhere()))
    page, faults = opened(browser, calibrated, width, theme)
    names = page.eval_on_selector_all("[data-chart]", "all => all.map(each => each.dataset.chart)")
    assert names == [*CHARTS[:3], *OF_BANDS, *CHARTS[3:]]
    labels = page.locator("[data-chart='band-errors'] .role-axis-label text").all_text_contents()
    assert {"strong evidence ofmanipulation", "not conclusive"} <= {*labels}  # two lines, and one
    assert page.locator("[data-chart='band-errors'] .mark-symbol path").count() == 7  # of val 4, of the tested 3
    assert page.locator("#decisions th").all_inner_texts()[2] == "val: highest balanced accuracy"
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.ran") is None and faults == []


def test_names_are_shown_and_not_run(browser: Browser, report: Path) -> None:
    page, faults = opened(browser, report, 1280, "light")
    names = page.locator("#mistakes .name").all_inner_texts()
    assert {IMAGE, SCRIPT} <= set(names)
    assert any(METHOD in text for text in page.locator("#roc .keys li").all_inner_texts())
    bars = page.locator("[data-chart='by-method'] .mark-rect path")
    told = []
    for i in range(bars.count()):
        bars.nth(i).hover()
        told.append(page.locator("#vg-tooltip-element").inner_text())
    assert any(METHOD in text for text in told)
    assert page.evaluate("window.ran") is None
    assert page.locator("img").count() == page.locator("#mistakes img[src^='data:image/jpeg']").count() > 0
    # Even what gets into the page as markup is not run, by the page's policy.
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')")
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert faults != []  # the policy says so


def test_the_table_sorts_and_filters_by_keyboard(browser: Browser, report: Path) -> None:
    page, faults = opened(browser, report, 1280, "light")
    assert set(page.locator("#sortable tbody tr:visible td:nth-child(2)").all_inner_texts()) == {"all"}
    page.select_option(".filters select[data-column='1']", "")
    head = page.locator("#sortable th", has_text="value")
    for direction in ("ascending", "descending"):
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == direction
        texts = page.eval_on_selector_all("#sortable td:nth-child(4)", "all => all.map(each => each.dataset.order)")
        known = [float(text) for text in texts if text]
        assert known == sorted(known, reverse=direction == "descending")
        assert texts[len(known) :] == [""] * (len(texts) - len(known))  # what is undefined stays last
    page.select_option(".filters select[data-column='0']", "clips")
    assert set(page.locator("#sortable tbody tr:visible td:first-child").all_inner_texts()) == {"clips"}
    assert faults == []


def test_the_button_changes_the_theme(browser: Browser, report: Path) -> None:
    page, faults = opened(browser, report, 375, "light")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)" and page.locator("#theme").inner_text() == "Dark theme"
    page.locator("#theme").press("Enter")
    assert page.evaluate(ground) == "rgb(21, 24, 28)" and page.locator("#theme").inner_text() == "Light theme"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert faults == [] and report.stat().st_size < 5_000_000
