"""What passes between browsers and the page: requests that the page itself makes, within the limits, and no others.

Gradio serves more than a page: calls by programs, files by their paths, downloads of whatever address a visitor
names; and it scores whatever file of this machine a job names by its path. None of that is needed here: a job names a
file that was uploaded. The content policy has browsers refuse what would lead anywhere else, and what the pages of
others have them send is refused here.

Source: the ASGI specification, version 3, HTTP connection scope.
"""

import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from deepfake.app.limits import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger(__name__)
_API = "/gradio_api"
UPLOAD, PROGRESS, JOIN = f"{_API}/upload", f"{_API}/upload_progress", f"{_API}/queue/join"
_PAGES = {"/", "/config", "/theme.css", "/favicon.ico", "/manifest.json"}
_PAGES |= {UPLOAD, PROGRESS, JOIN, f"{_API}/queue/data"}
_FOLDERS = ("/assets/", "/static/", f"{_API}/heartbeat/")
_AROUND = 10_000  # bytes of a request to upload beside the file: borders and its name
_MOST = 100_000  # bytes of a request to join the line
# Gradio's page holds scripts and styles of its own, and makes functions of text.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
    )
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


class _File(BaseModel):
    """A file, as Gradio's page names it."""

    path: str
    url: str | None = None
    orig_name: str | None = None
    size: int | None = None
    mime_type: str | None = None
    is_stream: Literal[False] = False
    meta: dict[Literal["_type"], Literal["gradio.FileData"]]


class _Job(BaseModel):
    """What Gradio's page sends to have a file scored; of anything else Gradio prints a traceback."""

    data: tuple[_File, str]  # with the detector's name
    fn_index: Literal[0]  # the first function of the page, and the only one that browsers call
    session_hash: str
    trigger_id: int | None = None
    event_data: None = None


class Doorman:
    """Stands before the page.

    Args:
        app: the page.
        received: folder of what was uploaded, as `Path.resolve` gives it; a job names what lies below it.
        limits: what may be uploaded.
        local: whether only names of this machine are answered. Otherwise a page anywhere could have its own name lead
            here, and speak with this page from the visitor's browser.
    """

    def __init__(self, app: App, received: Path, limits: Limits, *, local: bool) -> None:
        self.app = app
        self.received = received
        self.limits = limits
        self.local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        refusal = self._refusal(scope["path"], headers)
        if refusal is None and scope["path"] == JOIN:
            body = await _body(receive)
            refusal = self._refusal_of_job(body)
            receive = _again(body, receive)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        send = _with_headers(send)
        if scope["path"] == UPLOAD:
            await self._upload(scope, receive, send)
        else:
            await self.app(scope, receive, _never_late(send) if scope["path"] == PROGRESS else send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an upload on; that its visitor leaves amid it is no mistake, as Gradio has it."""
        gone = False

        async def watched() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] == "http.disconnect"
            return message

        try:
            await self.app(scope, watched, send)
        except Exception:
            if not gone:
                raise
            log.info("an upload was broken off")

    def _refusal(self, path: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        """Return status and reason if a request is refused."""
        whole = headers.get(b"host", b"").decode("latin-1")
        host = whole.rpartition(":")
        name = host[0] if host[1] and host[2].isdigit() else "".join(host)
        if self.local and name not in ("127.0.0.1", "localhost", "[::1]"):
            return 403, "this page answers to 127.0.0.1 and localhost alone"
        # Browsers say which page sends a request, unless it only reads what is its own.
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower().partition("://")[2] != whole.lower():
            return 403, "this page answers to no page but itself"
        if path not in _PAGES and not path.startswith(_FOLDERS):
            return 404, "the page has no such part"
        if path == UPLOAD:
            length = headers.get(b"content-length", b"").decode("latin-1")
            if not length.isdecimal():
                return 411, "an upload has to say its length"
            if int(length) > self.limits.max_bytes + _AROUND:
                return 413, f"files of at most {self.limits.max_megabytes} MB are taken"
        return None

    def _refusal_of_job(self, body: bytes) -> tuple[int, str] | None:
        if len(body) > _MOST:
            return 413, "this request is too long"
        try:
            job = json.loads(body)
            paths = [*_values("path", job)]
            _Job.model_validate(job)
        except ValidationError:
            return 400, "this request is no job"
        except (ValueError, RecursionError):
            return 400, "this request is no JSON"
        # Gradio would copy any other file of this machine, and download what is an address.
        if not all(self._is_received(each) for each in paths):
            return 400, "a job names a file that was uploaded, and no other"
        return None

    def _is_received(self, path: Any) -> bool:
        """Return whether a path leads to a place below the folder of uploads."""
        try:
            if self.received not in Path(os.path.abspath(path)).parents:  # before anything is asked of the disk
                return False
            return self.received in Path(os.path.realpath(path)).parents
        except (TypeError, ValueError):  # no string; or one that holds what no path does
            return False


async def _body(receive: Receive) -> bytes:
    """Return the body of a request, or a little more than its most bytes if it has more."""
    body = b""
    while len(body) <= _MOST:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was received already, and then what follows."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _values(name: str, node: Any) -> Iterator[Any]:
    """Yield each value that has a name in JSON."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from _values(name, value)
    elif isinstance(node, list):
        for value in node:
            yield from _values(name, value)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_HEADERS]}
        await send(message)

    return sending


def _never_late(send: Send) -> Send:
    """Return what tells a browser that an upload is done, where that was done before its progress was asked for.

    Gradio says then that there is no such upload, which browsers show as an error of the page.
    """
    late = False

    async def sending(message: Message) -> None:
        nonlocal late
        if message["type"] == "http.response.start":
            late = message["status"] == 404
            if late:
                message = {**message, "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
        elif late:
            message = {**message, "body": b'data: {"msg": "done"}\n\n'}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
