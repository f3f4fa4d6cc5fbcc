"""The page, in Gradio's components."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from html import escape
from pathlib import Path
from typing import Any

from deepfake.app.door import require_gradio
from deepfake.app.limits import Limits
from deepfake.app.visit import Desk, Shown
from deepfake.report.page.look import DARK, LIGHT
from deepfake.schema import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from deepfake.verdict.page import card_style

TITLE = "Deepfake verdicts"
_STYLE = Path(__file__).with_name("page.css")
_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
_MONO = ("ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace")
# Gradio's variables that have the colours of the pages that other commands write.
_COLOURS = {
    "body_background_fill": "--raised",
    "body_text_color": "--ink",
    "body_text_color_subdued": "--muted",
    "background_fill_primary": "--paper",
    "background_fill_secondary": "--raised",
    "block_background_fill": "--paper",
    "block_border_color": "--line",
    "block_label_background_fill": "--paper",
    "block_label_text_color": "--muted",
    "block_title_text_color": "--ink",
    "border_color_primary": "--line",
    "border_color_accent": "--link",
    "input_background_fill": "--paper",
    "input_border_color": "--line",
    "input_border_color_focus": "--link",
    "link_text_color": "--link",
}

# Gradio shows what was so for ever where the server has ended; a browser that waits asks now and then.
_WATCH = """
element.setAttribute('role', 'status');
setInterval(() => {
    const state = element.querySelector('.state.busy');
    if (state) fetch('favicon.ico', {cache: 'no-store'}).catch(() => {
        state.className = 'state refusal';
        state.textContent = 'The page is no longer served, or cannot be reached. Load it again later.';
    });
}, 3000);
"""

# Takes the next file, as an update of Gradio's. It comes when Gradio's page knows that a visit is over: until then that
# page does nothing with what is dropped, so the visit's own last update would be too early.
_FREE = "() => ({__type__: 'update', interactive: true, value: null})"


def build_page(desk: Desk, detectors: Sequence[str]) -> Any:
    """Return the page, a `gradio.Blocks`.

    Args:
        desk: takes the files.
        detectors: their names, of which the first is chosen at the beginning.
    """
    require_gradio()
    import gradio

    async def visit(file: Mapping[str, Any] | None, detector: str) -> AsyncIterator[tuple[Any, ...]]:
        if file is None or detector not in detectors:
            yield changes(Shown("Drop a file and choose a detector.", is_refusal=True, busy=False))
            return
        async with aclosing(desk.visit(file, detector)) as visited:  # closed with this one, and not some time later
            async for shown in visited:
                yield changes(shown)

    def leave(request: gradio.Request) -> None:
        """Forget a visitor, whose last card Gradio would keep until ten thousand others have come."""
        session = str(request.session_hash)
        page.state_holder.session_data.pop(session, None)
        page._queue.pending_messages_per_session.pop(session, None)

    def changes(shown: Shown) -> tuple[Any, ...]:
        return gradio.update(interactive=False), says(shown), shown.card or ""

    with gradio.Blocks(title=TITLE, analytics_enabled=False) as page:
        gradio.HTML(_head(desk.limits))
        chosen = _choice(detectors)
        file = gradio.File(label="Video or image", elem_id="file", height=180)
        state = gradio.HTML(elem_id="state", js_on_load=_WATCH)
        card = gradio.HTML(elem_id="verdict")
        file.upload(
            visit,
            [file, chosen],
            [file, state, card],
            preprocess=False,
            concurrency_limit=None,  # the line lets one through at a time
            show_progress="hidden",
            api_visibility="private",
        ).then(None, None, file, js=_FREE, api_visibility="private")
        page.unload(leave)
    page.queue()
    return page


def _choice(detectors: Sequence[str]) -> Any:
    import gradio

    return gradio.Dropdown(
        [*detectors],
        value=detectors[0],
        label="Detector",
        elem_id="detector",
        filterable=False,
        visible=len(detectors) > 1,
    )


def look() -> dict[str, Any]:
    """Return theme and style, as Gradio takes them where a page is mounted."""
    require_gradio()
    import gradio

    theme = gradio.themes.Base(font=[*_FONTS], font_mono=[*_MONO], radius_size="lg")
    light = {name: LIGHT[variable] for name, variable in _COLOURS.items()}
    dark = {f"{name}_dark": DARK[variable] for name, variable in _COLOURS.items()}
    lines = {"input_border_width": "1px", "input_border_width_dark": "1px"}
    return {"theme": theme.set(**light, **dark, **lines), "css": card_style() + _STYLE.read_text()}


def says(shown: Shown) -> str:
    """Return the line that tells where a file is."""
    kind = "refusal" if shown.is_refusal else "busy" if shown.busy else "done"
    return f'<p class="state {kind}">{escape(shown.says)}</p>'


def _head(limits: Limits) -> str:
    kinds = ", ".join(suffix[1:] for suffix in (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES))
    most = f"of at most {limits.max_megabytes} MB and {limits.longest}"
    return (
        f"<h1>{TITLE}</h1><p>Drop a video or an image {most} to see how the detector judges it. One is scored at a "
        "time. Each is deleted as soon as it is scored, and goes nowhere else.</p>"
        f'<p class="kinds">{kinds}</p>'
    )
