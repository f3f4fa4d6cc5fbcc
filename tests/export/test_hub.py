"""Publishing, with a stand-in for the hub: nothing here uses the network."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled

from deepfake.errors import ExportError
from deepfake.export import hub


class StandIn:
    """Notes what it is asked, and fails as it is told to."""

    asked: list[tuple[str, Any]]
    failure: Exception | None

    def _note(self, name: str, what: Any) -> str:
        StandIn.asked.append((name, what))
        if StandIn.failure:
            raise StandIn.failure
        return "https://hub/owner/name"

    def whoami(self) -> str:
        return self._note("whoami", None)

    def create_repo(self, repository: str, *, private: bool, exist_ok: bool) -> str:
        return self._note("create_repo", (repository, private, exist_ok))

    def create_commit(self, repository: str, made: list[Any], commit_message: str) -> str:
        return self._note("create_commit", {each.path_in_repo: Path(each.path_or_fileobj).read_text() for each in made})


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    StandIn.asked, StandIn.failure = [], None
    monkeypatch.setattr(hub, "HfApi", StandIn)
    return StandIn


def refused() -> HfHubHTTPError:
    response = httpx.Response(403, request=httpx.Request("POST", "https://hub"))
    return HfHubHTTPError("403 Forbidden\nmore of it", response=response)


FAILURES = [
    (LocalTokenNotFoundError("no token"), "nobody is logged in to the Hugging Face hub: run `hf auth login`"),
    (OfflineModeIsEnabled("offline"), "HF_HUB_OFFLINE forbids the network: unset it"),
    (refused(), "the Hugging Face hub refuses (403 Forbidden): check name and rights"),
    (httpx.ConnectError("no route"), "the Hugging Face hub cannot be reached (ConnectError: no route)"),
    (OSError("no route"), "the Hugging Face hub cannot be reached (OSError: no route)"),
]


@pytest.mark.parametrize(("failure", "message"), FAILURES, ids=lambda value: type(value).__name__)
def test_what_goes_wrong_is_one_line(failure: Exception, message: str, tmp_path: Path) -> None:
    StandIn.failure = failure
    with pytest.raises(ExportError) as before:
        hub.require_login("owner/name")
    with pytest.raises(ExportError) as after:
        hub.push("owner/name", {}, private=True)
    cures = "or leave the option out", "or upload the files, which are written, by hand"
    for text, cure in zip((str(before.value), str(after.value)), cures, strict=True):
        assert text.startswith(f"push_to_hub=owner/name: {message}") and text.endswith(cure) and "\n" not in text


@pytest.mark.parametrize("name", ["a/b--c", "-a/b", "a/..", "a/b.git"])
def test_a_name_that_no_repository_can_have_is_told_before_any_work(name: str) -> None:
    with pytest.raises(ExportError, match="is no name of a repository .*: give owner/name, or leave the option out"):
        hub.require_login(name)
    assert StandIn.asked == []


def test_all_files_go_up_in_one_commit(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("first")
    (tmp_path / "b").write_text("second")
    files = {"model.onnx": tmp_path / "a", "README.md": tmp_path / "b"}
    assert hub.push("owner/name", files, private=True) == "https://hub/owner/name"
    assert StandIn.asked == [
        ("create_repo", ("owner/name", True, True)),
        ("create_commit", {"model.onnx": "first", "README.md": "second"}),
    ]
