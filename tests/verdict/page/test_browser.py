"""The page of verdicts and an annotated copy in a browser: they fit, ask for nothing, run no name, and play."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from deepfake.verdict.annotate import annotate, annotated_path
from deepfake.verdict.page import write_report
from tests.browser import IN_CHROMIUM, browser
from tests.verdict.made import FACELESS
from tests.verdict.page.test_report import ABOUT, HOSTILE, MAP, result_with
from tests.verdict.test_annotate import made, result_of

__all__ = ["browser"]
pytestmark = IN_CHROMIUM


def test_the_page_fits_a_phone_and_runs_no_name(browser: Browser, tmp_path: Path) -> None:
    results = [(HOSTILE, result_with(explanations=(MAP,))), ("a" * 250 + ".mp4", FACELESS)]
    report = write_report(results, tmp_path, ABOUT, explain=True)
    page = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme="dark").new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda one: None if one.url.startswith(("file:", "data:")) else faults.append(one.url))
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert page.locator(".card-name").first.inner_text() == HOSTILE and page.evaluate("window.ran") is None
    assert page.locator(".card svg[role=img]").count() == 1
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(21, 24, 28)"
    page.locator("#theme").press("Enter")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.locator("summary").first.press("Enter")
    assert page.locator(".card details").first.evaluate("each => each.open")
    assert faults == []


def test_an_annotated_copy_plays(browser: Browser, tmp_path: Path) -> None:
    source = made(tmp_path / "a.mov", 25, "pcm_s16le")
    target = annotated_path(source, tmp_path)
    annotate(source, target, result_of(source))
    page = browser.new_page()
    page.goto(target.as_uri())
    page.wait_for_function("document.querySelector('video').readyState === 4", timeout=20_000)
    video = page.evaluate("(v => [v.videoWidth, v.videoHeight, v.error])(document.querySelector('video'))")
    assert video == [160, 120, None]
    assert page.evaluate("document.querySelector('video').duration") == pytest.approx(1, abs=0.1)
