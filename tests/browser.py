"""Chromium, in which tests open the pages that commands write."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REQUIRED = "DEEPFAKE_REQUIRE_CHROMIUM" in os.environ
IN_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="needs chromium, as apt-get install chromium gives"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "DEEPFAKE_REQUIRE_CHROMIUM is set, and there is no chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        # Without the sandbox, since containers run tests as root.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
