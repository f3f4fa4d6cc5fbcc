"""Requests that the page does not make are refused before Gradio sees them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from deepfake.app.doorman import JOIN, PROGRESS, UPLOAD, Doorman, Message
from deepfake.app.limits import Limits

RECEIVED = Path("/srv/page/received")
MINE = f"{RECEIVED}/0123/a.mp4"


def ask(
    path: str, body: bytes = b"", local: bool = True, parts: int = 1, status: int = 200, **headers: str
) -> tuple[int, str, dict[str, str]]:
    """Return status, text and headers of the answer to a request; the page behind answers with what it was sent."""
    sent: list[Any] = []
    size = -(-len(body) // parts) or 1
    pieces = [body[i : i + size] for i in range(0, len(body), size)] or [b""]
    coming = [{"type": "http.request", "body": p, "more_body": i < len(pieces) - 1} for i, p in enumerate(pieces)]

    async def page(scope: Any, receive: Any, send: Any) -> None:
        seen = b""
        while True:
            message = await receive()
            seen += message["body"]
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": seen})

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    given = {"host": "127.0.0.1:7860", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {"type": "http", "path": path, "headers": [(k.encode(), v.encode()) for k, v in given.items()]}
    asyncio.run(Doorman(page, RECEIVED, Limits(max_megabytes=2), local=local)(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], sent[1]["body"].decode(), found


def job(path: Any, **changes: Any) -> bytes:
    file = {"path": path, "url": "http://127.0.0.1:7860/gradio_api/file=a", "meta": {"_type": "gradio.FileData"}}
    whole = {"data": [file, "meso4"], "fn_index": 0, "session_hash": "me", "trigger_id": 3, "event_data": None}
    return json.dumps({**whole, **changes}).encode()


def test_what_the_page_asks_for_passes_as_it_is() -> None:
    for path in ("/", "/assets/a.js", "/static/fonts/b.woff2", "/gradio_api/heartbeat/abc", "/gradio_api/queue/data"):
        assert ask(path)[0] == 200
    body = job(MINE)
    assert ask(JOIN, body, parts=3)[:2] == (200, body.decode())


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=/etc/passwd", "/gradio_api/call/visit", "/gradio_api/run/visit", "/gradio_api/info", "/docs",
     "/gradio_api/proxy=http://a", "/monitoring", "/gradio_api/process_recording", "/gradio_api/upload/", "//"],
)  # fmt: skip
def test_what_it_never_asks_for_is_not_there(path: str) -> None:
    assert ask(path)[0] == 404


def test_an_upload_beyond_the_limit_is_refused_by_its_length_and_the_limit_is_named() -> None:
    assert ask(UPLOAD, content_length=str(2 * 2**20 + 500))[0] == 200
    assert ask(UPLOAD, content_length=str(2 * 2**20 + 20_000))[:2] == (413, "files of at most 2 MB are taken")
    assert ask(UPLOAD)[0] == ask(UPLOAD, content_length="-1")[0] == ask(UPLOAD, content_length="x")[0] == 411


@pytest.mark.parametrize(
    "path",
    ["/elsewhere/a.mp4", f"{RECEIVED}/../claimed/a.mp4", "a.mp4", "", str(RECEIVED), f"{RECEIVED}2/a.mp4", "/dev/zero",
     "http://example.org/a.mp4", " HTTPS://example.org/a", f"{RECEIVED}/a\0", f"{RECEIVED}/\ud800", None, 7,
     [f"{RECEIVED}/a.mp4"]],
)  # fmt: skip
def test_a_job_names_what_was_uploaded_and_nothing_else(path: Any) -> None:
    assert ask(JOIN, job(path))[0] == 400
    assert ask(JOIN, job(path).replace(b"p", b"\\u0070"))[0] == 400
    assert ask(JOIN, job(MINE, more=[{"deep": {"path": path}}]))[0] == 400


@pytest.mark.parametrize(
    "changes",
    [{"fn_index": 1}, {"fn_index": 99}, {"fn_index": "0"}, {"fn_index": None}, {"data": ["a"]}, {"data": None},
     {"data": [{"path": MINE, "orig_name": 7, "meta": {"_type": "gradio.FileData"}}, "meso4"]},
     {"data": [{"path": MINE}, "meso4"]}, {"data": [{}, "meso4"]}, {"session_hash": None}, {"event_data": {}}],
)  # fmt: skip
def test_a_job_of_which_gradio_would_print_a_traceback_is_refused(changes: dict[str, Any]) -> None:
    assert ask(JOIN, job(MINE))[0] == 200
    assert ask(JOIN, job(MINE, **changes))[:2] == (400, "this request is no job")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"no JSON", 400), (b"[" * 50_000, 400), (b" " * 200_000, 413), (b"\xff", 400), (b"[]", 400), (b"7", 400)],
)
def test_a_job_that_is_none_is_refused(body: bytes, status: int) -> None:
    assert ask(JOIN, body, parts=5)[0] == status


def test_a_page_of_this_machine_answers_to_its_names_alone() -> None:
    for host in ("127.0.0.1", "127.0.0.1:7860", "localhost:1", "[::1]:7860", "[::1]"):
        assert ask("/", host=host)[0] == 200, host
    for host in ("evil.example:7860", "", "127.0.0.1.evil.example", "localhost.evil.example:80"):
        assert ask("/", host=host)[0] == 403, host
        assert ask("/", host=host, local=False)[0] == 200


@pytest.mark.parametrize("path", ["/", UPLOAD, JOIN])
@pytest.mark.parametrize("local", [True, False])
def test_what_the_page_of_somebody_else_sends_is_refused(path: str, local: bool) -> None:
    options: dict[str, Any] = {"body": job(MINE), "content_length": "10", "local": local}
    for origin in ("http://127.0.0.1:7860", "HTTP://127.0.0.1:7860", "https://127.0.0.1:7860"):
        assert ask(path, **options, origin=origin)[0] == 200
    for origin in (
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:9000",
        "http://localhost:7860",
        "null",
        "",
    ):
        assert ask(path, **options, origin=origin)[0] == 403, origin
    assert ask(path, **options, host="localhost", origin="http://localhost")[0] == 200


def test_an_upload_whose_visitor_leaves_is_no_mistake_and_others_are(caplog: pytest.LogCaptureFixture) -> None:
    async def page(scope: Any, receive: Any, send: Any) -> None:
        raise OSError((await receive())["type"])

    async def send(message: Message) -> None:
        raise AssertionError(message)

    def upload(kind: str) -> None:
        async def receive() -> Message:
            return {"type": kind}

        headers = [(b"host", b"localhost"), (b"content-length", b"10")]
        doorman = Doorman(page, RECEIVED, Limits(max_megabytes=2), local=True)
        asyncio.run(doorman({"type": "http", "path": UPLOAD, "headers": headers}, receive, send))

    caplog.set_level("INFO")
    upload("http.disconnect")
    assert caplog.messages == ["an upload was broken off"]
    with pytest.raises(OSError, match=r"http\.request"):
        upload("http.request")


def test_an_upload_that_was_done_before_its_progress_was_asked_for_is_done() -> None:
    status, text, headers = ask(PROGRESS, b"Upload not found", status=404)
    assert (status, text, headers["content-type"]) == (200, 'data: {"msg": "done"}\n\n', "text/event-stream")
    assert ask(PROGRESS, b"as it is")[:2] == (200, "as it is") and ask("/config", status=404)[0] == 404


def test_browsers_are_told_to_ask_nobody_else() -> None:
    for path in ("/", "/none"):
        policy = ask(path)[2]["content-security-policy"]
        assert "default-src 'self'" in policy and "http" not in policy
