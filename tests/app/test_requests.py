"""Requests to the page as programs make them: what a browser would not send, with Gradio behind the door."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.app.served import Here, here

__all__ = ["here"]


def ask(here: Here, method: str, path: str, **options: Any) -> Any:
    import httpx  # Gradio brings it

    return httpx.request(method, f"{here.url}/gradio_api/{path}", timeout=60, **options)


def upload(here: Here, name: str = "a.mp4") -> str:
    (path,) = ask(here, "POST", "upload", files={"files": (name, b"abc")}).json()
    return str(path)


def job(path: Any, **changes: Any) -> dict[str, Any]:
    file = {"path": path, "orig_name": "a.mp4", "meta": {"_type": "gradio.FileData"}}
    return {"data": [file, "meso4"], "fn_index": 0, "session_hash": "me", **changes}


def test_a_file_of_this_machine_that_was_not_uploaded_is_not_scored(here: Here, tmp_path: Path) -> None:
    (tmp_path / "own.mp4").write_bytes(b"private")
    (tmp_path / "received" / "link.mp4").symlink_to(tmp_path / "own.mp4")
    for path in ("own.mp4", "received/../own.mp4", "received/link.mp4"):
        assert ask(here, "POST", "queue/join", json=job(f"{tmp_path}/{path}")).status_code == 400
    assert ask(here, "POST", "queue/join", json=job("/dev/zero")).status_code == 400
    assert here.line.take(0.5) is None
    assert ask(here, "POST", "queue/join", json=job(upload(here))).status_code == 200
    mine = here.line.take(30)
    assert mine is not None and mine.upload.path.read_bytes() == b"abc"
    here.uploads.discard(mine.upload)


def test_who_leaves_amid_an_upload_leaves_one_line_in_the_log(here: Here, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "deepfake")
    host, port = here.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as visitor:
        head = "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n"
        visitor.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode())
    for _ in range(300):
        if caplog.messages:
            break
        time.sleep(0.1)
    time.sleep(0.2)  # for what would follow
    assert caplog.messages == ["an upload was broken off"]


def test_gradio_itself_takes_no_such_file_either(here: Here, tmp_path: Path) -> None:
    from gradio.context import LocalContext
    from gradio.exceptions import InvalidPathError
    from gradio.processing_utils import _check_allowed

    token = LocalContext.blocks.set(here.page)
    with pytest.raises(InvalidPathError):
        _check_allowed(tmp_path / "own.mp4", True)
    LocalContext.blocks.reset(token)
