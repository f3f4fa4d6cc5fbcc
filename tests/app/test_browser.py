"""The page as its visitors have it: scripts/serve.py in a process of its own, and Chromium in front of it."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from deepfake.app.address import listen, url_of
from deepfake.app.limits import Limits
from deepfake.app.line import Line
from deepfake.app.page import build_page
from deepfake.app.serving import receiving_into, served
from deepfake.app.uploads import Uploads
from deepfake.app.visit import Desk
from tests.browser import IN_CHROMIUM, browser
from tests.checkpoints.test_checkpoint import content
from tests.fakes import frames_with, one_face, write_video
from tests.run.processes import running, wait_for

__all__ = ["browser"]
pytestmark = IN_CHROMIUM
HOSTILE = '<img src=x onerror="window.ran=1">${window.ran=1}{{ran}}\u202e.mp4'
SECONDS = 120_000  # milliseconds that a job may take on a busy machine


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
        return [path for path in root.rglob("*") if path.is_file()]

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
        expect(page.locator("#file button").first).to_be_visible(timeout=SECONDS)
        return page

    yield visit
    for context in browser.contexts:
        context.close()
    assert faults == []


def drop(page: Page, file: Path) -> None:
    page.locator("#file input[type=file]").set_input_files(file)


def card_of(page: Page, name: str) -> str:
    """Wait for the card of a file, and return its text."""
    expect(page.locator("#verdict .card-name")).to_have_text(name, timeout=SECONDS)
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
    assert "Most suspicious" in text and page.locator("#verdict .card img").count() == 6
    assert page.evaluate("window.ran") is None
    expect(page.locator("#state [role=status], #state[role=status]")).to_have_text("Done. The file is deleted.")
    assert command.files() == [] and "onerror" not in command.log()


def test_two_visitors_each_see_their_own_and_a_third_is_told(visit: Visit, command: Command, demo_root: Path) -> None:
    pages = [visit() for _ in range(4)]
    drop(pages[0], demo_root / "extra" / "two_people.mp4")
    expect(pages[0].locator("#state")).to_have_text("Scoring the file.", timeout=SECONDS)
    drop(pages[1], demo_root / "real" / "p04_a.mp4")
    expect(pages[1].locator("#state")).to_have_text("Waiting: 1 file is scored before this one.", timeout=SECONDS)
    drop(pages[2], demo_root / "real" / "p04_a.mp4")
    expect(pages[2].locator("#state")).to_have_text("Too many files wait already; at most 1 may. Try again later.")
    assert "2 persons" in card_of(pages[0], "two_people.mp4")
    assert "The person" in card_of(pages[1], "p04_a.mp4")
    expect(pages[1].locator("#verdict .card")).to_have_count(1)
    expect(pages[2].locator("#verdict .card")).to_have_count(0)
    drop(pages[2], demo_root / "real" / "p04_a.mp4")
    assert "The person" in card_of(pages[2], "p04_a.mp4")
    assert pages[3].locator("#verdict").inner_text() == "" and command.files() == []


def test_one_who_leaves_while_waiting_is_not_waited_for(visit: Visit, command: Command, demo_root: Path) -> None:
    first, second, third = (visit() for _ in range(3))
    drop(first, demo_root / "extra" / "two_people.mp4")
    expect(first.locator("#state")).to_have_text("Scoring the file.", timeout=SECONDS)
    drop(second, demo_root / "real" / "p04_a.mp4")
    expect(second.locator("#state")).to_contain_text("Waiting", timeout=SECONDS)
    jobs = command.log().count("scored by")
    second.close()
    card_of(first, "two_people.mp4")
    drop(third, demo_root / "extra" / "no_face.mp4")
    assert "Inconclusive: no face" in card_of(third, "no_face.mp4")
    assert command.log().count("scored by") == jobs + 2 and command.files() == []  # shown, and in the log


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
    (tmp_path / "large.mp4").write_bytes(bytes(1_500_000))
    drop(page, tmp_path / "large.mp4")
    expect(page.get_by_role("alert")).to_contain_text("exceed the maximum allowed size of", timeout=SECONDS)
    page = visit()
    drop(page, write_video(tmp_path / "long.mp4", frames_with(one_face, 8).repeat(20, 0)))
    expect(page.locator("#state")).to_have_text(
        "The video is 0:06.4 long; at most 5 seconds are taken.", timeout=SECONDS
    )
    assert command.files() == []
    drop(page, demo_root / "real" / "p04_a.mp4")  # the page is as free as before
    card_of(page, "p04_a.mp4")


def test_another_detector_is_chosen_and_all_is_done_without_a_mouse(visit: Visit, demo_root: Path) -> None:
    page = visit()
    tab_to(page, "each => each.tagName === 'INPUT'")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.value").startswith("b.ckpt: meso4_lstm, ")
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


def test_a_visitor_whose_page_is_closed_is_forgotten(browser: Browser, tmp_path: Path, demo_root: Path) -> None:
    pytest.importorskip("gradio")
    limits, line = Limits(), Line(1)
    with closing(listen("127.0.0.1", None)) as listener, receiving_into(tmp_path / "received"):
        page = build_page(Desk(Uploads(tmp_path), line, limits, lambda path: done(1.0)), ["meso4"])
        with served(page, listener, limits):
            visitor = browser.new_page()
            visitor.goto(url_of(listener))
            drop(visitor, demo_root / "real" / "p04_a.mp4")
            job = line.take(30)
            assert job is not None
            job.card.set_result("<article class='card'><h2 class='card-name'>the card of one</h2></article>")
            card_of(visitor, "the card of one")
            assert [*page.state_holder.session_data]
            visitor.close()
            for _ in range(300):
                if not page.state_holder.session_data:
                    break
                time.sleep(0.1)
            assert not page.state_holder.session_data and not page._queue.pending_messages_per_session


def done(result: float) -> "Future[float | None]":
    future: Future[float | None] = Future()
    future.set_result(result)
    return future
