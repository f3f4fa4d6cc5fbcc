"""Chromium, in which tests open the pages that commands write."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REQUIRED = "DEEPFAKE_REQUIRE_CHROMIUM" in os.environ
TIMEOUT_MS = 120_000  # that a page may take to show something, or to answer, on a busy machine
expect.set_options(timeout=TIMEOUT_MS)
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
