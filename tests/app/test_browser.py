"""The page as its visitors have it: scripts/serve.py in a process of its own, and Chromium in front of it."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from deepfake.app.folder import LOCK
from deepfake.app.visit import Desk, Shown
from tests.app.served import Here, here
from tests.browser import IN_CHROMIUM, browser
from tests.checkpoints.test_checkpoint import content
from tests.fakes import frames_with, one_face, write_video
from tests.run.processes import running, wait_for
from tests.waiting import until

__all__ = ["browser", "here"]
pytestmark = IN_CHROMIUM
HOSTILE = '<img src=x onerror="window.ran=1">${window.ran=1}{{ran}}\u202e.mp4'


@dataclass
class Command:
    """A page that is served.

    Attributes:
        url: its address.
        folder: where the command runs.
    """

    url: str
    folder: Path

    def files(self) -> list[Path]:
        """What lies in its folder for files of visitors."""
        (root,) = (self.folder / "tmp").glob("deepfake-page-*")
        return [path for path in root.rglob("*") if path.is_file() and path.name != LOCK]

    def log(self) -> str:
        return (self.folder / "shown").read_text() + (self.folder / "run" / "serve.log").read_text()


@pytest.fixture(scope="module", name="command")
def served_by_command(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[Command]:
    pytest.importorskip("gradio")
    folder = tmp_path_factory.mktemp("served")
    (folder / "tmp").mkdir()
    torch.save(content(), folder / "a.ckpt")
    torch.save(content("model=meso4_lstm"), folder / "b.ckpt")
    limits = ["max_megabytes=1", "max_seconds=5", "max_waiting=1", "extract.num_workers=1", "hydra.run.dir=run"]
    variables = {"TMPDIR": str(folder / "tmp")}
    with running(
        folder, data_dir, "serve", "checkpoint=[a.ckpt,b.ckpt]", *limits, "explain=true", variables=variables
    ) as process:
        wait_for(process, folder, "the page is at http")
        found = re.search(r"the page is at (\S+);", (folder / "shown").read_text())
        assert found is not None
        yield Command(found[1], folder)
        assert process.poll() is None, (folder / "shown").read_text()


Visit = Callable[..., Page]


@pytest.fixture
def visit(command: Command, browser: Browser) -> Iterator[Visit]:
    """Opens the page as one visitor each; afterwards no page has asked anybody else, or complained."""
    faults: list[str] = []

    def note(text: str) -> None:
        faults.append(text)

    def visit(width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page = context.new_page()
        page.on("console", lambda message: note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: note(str(error)))
        page.on("request", lambda one: None if one.url.startswith((command.url, "data:")) else note(one.url))
        page.goto(command.url)
        expect(page.locator("#file button").first).to_be_visible()
        return page

    yield visit
    for context in browser.contexts:
        context.close()
    assert faults == []


def drop(page: Page, file: Path) -> None:
    page.locator("#file input[type=file]").set_input_files(file)


def card_of(page: Page, name: str) -> str:
    """Wait for the card of a file, and return its text."""
    expect(page.locator("#verdict .card-name")).to_have_text(name)
    return page.locator("#verdict .card").inner_text()


def tab_to(page: Page, is_there: str) -> None:
    """Press Tab until a function of JavaScript holds of what has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(f"({is_there})(document.activeElement)"):
            return
    raise AssertionError(is_there)


def test_a_video_is_dropped_and_its_card_seen(visit: Visit, command: Command, demo_root: Path, tmp_path: Path) -> None:
    file = tmp_path / HOSTILE
    shutil.copy(demo_root / "extra" / "two_people.mp4", file)
    page = visit()
    drop(page, file)
    text = card_of(page, HOSTILE.replace("\u202e", "\\u202e"))
    assert "2 persons" in text and "by a score that is not calibrated" in text and "frames were looked at" in text
    assert "Most suspicious" in text and page.locator("#verdict .card img").count() == 10
    assert page.evaluate("window.ran") is None
    expect(page.locator("#state [role=status], #state[role=status]")).to_have_text("Done. The file is deleted.")
    assert command.files() == [] and "onerror" not in command.log()


def test_two_at_once_each_see_their_own(visit: Visit, command: Command, demo_root: Path) -> None:
    names = {"extra/two_people.mp4": "2 persons", "real/p04_a.mp4": "The person"}
    pages = {name: visit() for name in names}
    for name, page in pages.items():
        drop(page, demo_root / name)
    for name, page in pages.items():
        assert names[name] in card_of(page, Path(name).name)
        expect(page.locator("#verdict .card")).to_have_count(1)
    assert command.files() == []


def test_what_is_no_video_has_a_card_that_says_why(visit: Visit, tmp_path: Path) -> None:
    for name in ("text.mp4", "notes.txt", "picture.png"):
        (tmp_path / name).write_text("no video")
    page = visit()
    for name in ("text.mp4", "notes.txt", "picture.png"):
        drop(page, tmp_path / name)
        assert "Inconclusive: unreadable" in card_of(page, name)


def test_too_large_and_too_long_are_told_with_the_limit(
    visit: Visit, command: Command, demo_root: Path, tmp_path: Path
) -> None:
    page = visit()
    (tmp_path / "large.mp4").write_bytes(bytes(2_000_000))
    drop(page, tmp_path / "large.mp4")
    said = page.get_by_text('File(s) exceed the maximum allowed size of 1.0 Mb: "large.mp4"')
    expect(said).to_be_visible()
    import httpx  # Gradio brings it

    refused = httpx.post(f"{command.url}/gradio_api/upload", files={"files": bytes(2_000_000)}, timeout=60)
    assert (refused.status_code, refused.text) == (413, "files of at most 1 MB are taken")
    page = visit()
    drop(page, write_video(tmp_path / "long.mp4", frames_with(one_face, 8).repeat(20, 0)))
    expect(page.locator("#state")).to_have_text("The video is 0:06.4 long; the limit is 5 seconds.")
    assert command.files() == []
    drop(page, demo_root / "real" / "p04_a.mp4")  # the page is as free as before
    card_of(page, "p04_a.mp4")


def test_another_detector_is_chosen_and_all_is_done_without_a_mouse(visit: Visit, demo_root: Path) -> None:
    page = visit()
    page.on("filechooser", lambda chooser: None)  # from here on: Playwright may hear of one too late otherwise
    tab_to(page, "each => each.tagName === 'INPUT'")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_have_value(re.compile("^b: meso4_lstm, "))
    page.keyboard.press("Tab")
    expect(page.get_by_role("option").first).not_to_be_visible()
    tab_to(page, "each => each.closest('#file') !== null")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(demo_root / "real" / "p04_a.mp4")
    card_of(page, "p04_a.mp4")
    tab_to(page, "each => each.tagName === 'SUMMARY'")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict details")).to_contain_text("The detector is meso4_lstm, ")
    assert page.locator("#verdict details").evaluate("each => each.open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_in_both_themes(scheme: str, visit: Visit, demo_root: Path) -> None:
    page = visit(375, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    drop(page, demo_root / "extra" / "two_people.mp4")
    card_of(page, "two_people.mp4")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    ground = page.evaluate("getComputedStyle(document.querySelector('#verdict .card')).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 24, 28)"}[scheme]


def opened(browser: Browser, here: Here) -> Page:
    page = browser.new_context().new_page()
    page.goto(here.url)
    expect(page.locator("#file button").first).to_be_visible()
    return page


def files_of(here: Here) -> list[Path]:
    return [path for path in here.uploads.received.parent.rglob("*") if path.is_file()]


def test_visitors_wait_in_line_and_one_too_many_is_told(browser: Browser, here: Here, demo_root: Path) -> None:
    first, second, third = (opened(browser, here) for _ in range(3))
    same = demo_root / "real" / "p04_a.mp4"
    drop(first, same)
    expect(first.locator("#state")).to_have_text("Scoring the file.")
    job = here.line.take(30)
    assert job is not None
    expect(first.locator("#file button")).to_have_count(0)  # nothing else is taken meanwhile
    drop(second, same)
    expect(second.locator("#state")).to_have_text("Waiting: 1 file is scored before this one.")
    drop(third, same)
    expect(third.locator("#state")).to_have_text("Too many files are being scored or wait already. Try again later.")
    here.uploads.discard(job.upload)
    job.card.set_result("<article class='card'><h2 class='card-name'>first</h2></article>")
    card_of(first, "first")
    drop(third, same)
    here.do("second")
    card_of(second, "second of p04_a.mp4")
    here.do("third")
    card_of(third, "third of p04_a.mp4")
    assert first.locator("#verdict .card").inner_text() == "first" and files_of(here) == []


def test_one_who_leaves_while_waiting_is_not_waited_for(browser: Browser, here: Here, demo_root: Path) -> None:
    first, second = (opened(browser, here) for _ in range(2))
    drop(first, demo_root / "real" / "p04_a.mp4")
    expect(first.locator("#state")).to_have_text("Scoring the file.")
    job = here.line.take(30)
    assert job is not None
    drop(second, demo_root / "extra" / "no_face.mp4")
    expect(second.locator("#state")).to_have_text("Waiting: 1 file is scored before this one.")
    second.close()
    until(lambda: len(files_of(here)) == 2)  # of the first one: received and claimed
    here.uploads.discard(job.upload)
    job.card.set_result("")
    expect(first.locator("#state")).to_have_text("Done. The file is deleted.")
    assert here.line.take(0) is None and files_of(here) == []


def test_the_next_file_is_taken_as_soon_as_it_can_be_dropped(
    browser: Browser, here: Here, demo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Desk.visit

    async def slowly(self: Desk, file: Mapping[str, Any], detector: str) -> AsyncIterator[Shown]:
        async for shown in whole(self, file, detector):
            yield shown
        await asyncio.sleep(3)  # between the last that a visitor is shown and the end, as on a busy machine

    monkeypatch.setattr(Desk, "visit", slowly)
    visitor = opened(browser, here)
    for name in ("real/p04_a.mp4", "extra/no_face.mp4"):
        drop(visitor, demo_root / name)
        here.do("the card")
        card_of(visitor, f"the card of {Path(name).name}")


def test_a_visitor_whose_page_is_closed_is_forgotten(browser: Browser, here: Here, demo_root: Path) -> None:
    visitor = opened(browser, here)
    drop(visitor, demo_root / "real" / "p04_a.mp4")
    here.do("the card")
    card_of(visitor, "the card of p04_a.mp4")
    assert len(here.page.state_holder.session_data) == 1
    visitor.close()
    until(lambda: not here.page.state_holder.session_data)
    assert not here.page._queue.pending_messages_per_session


def test_who_waits_is_told_that_the_page_is_no_longer_served(browser: Browser, here: Here, demo_root: Path) -> None:
    visitor = opened(browser, here)
    drop(visitor, demo_root / "real" / "p04_a.mp4")
    expect(visitor.locator("#state")).to_have_text("Scoring the file.")
    visitor.wait_for_timeout(4000)
    expect(visitor.locator("#state")).to_have_text("Scoring the file.")
    here.stop()
    said = "The page is no longer served, or cannot be reached. Load it again later."
    expect(visitor.locator("#state .state")).to_have_text(said)
    expect(visitor.locator("#state .busy")).to_have_count(0)
