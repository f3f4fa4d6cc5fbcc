"""Publishes files on the Hugging Face hub, for a user who is logged in there; the one door to its client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError, OfflineModeIsEnabled
from huggingface_hub.utils import validate_repo_id

from deepfake.errors import ExportError, first_line


def require_login(repository: str) -> None:
    """Stop unless somebody is logged in and the hub can be reached.

    Args:
        repository: where to publish, `owner/name`.

    Raises:
        ExportError: it is no such name, nobody is logged in, or the hub cannot be reached.
    """
    with _one_line(repository, "or leave the option out"):
        validate_repo_id(repository)
        HfApi().whoami()


def push(repository: str, files: Mapping[str, Path], *, private: bool) -> str:
    """Publish files in one commit, and return the address.

    Args:
        repository: `owner/name`, which is made if it does not exist.
        files: name there -> file here.
        private: whether a repository that is made is seen by its owner alone.

    Raises:
        ExportError: the hub refuses, or cannot be reached.
    """
    made = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=path) for name, path in files.items()]
    with _one_line(repository, "or upload the files, which are written, by hand"):
        api = HfApi()
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.create_commit(repository, made, commit_message="Publish a detector")
    return str(address)


@contextmanager
def _one_line(repository: str, cure: str) -> Iterator[None]:
    what = f"push_to_hub={repository}"
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise ExportError(
            f"{what}: nobody is logged in to the Hugging Face hub: run `hf auth login`, {cure}"
        ) from error
    except HFValidationError as error:
        raise ExportError(
            f"{what} is no name of a repository ({first_line(error)}): give owner/name, {cure}"
        ) from error
    except OfflineModeIsEnabled as error:
        raise ExportError(f"{what}: HF_HUB_OFFLINE forbids the network: unset it, {cure}") from error
    except HfHubHTTPError as error:
        reason = first_line(error)
        raise ExportError(f"{what}: the Hugging Face hub refuses ({reason}): check name and rights, {cure}") from error
    except Exception as error:  # of whatever client of HTTP the package has
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ExportError(f"{what}: the Hugging Face hub cannot be reached ({reason}): try later, {cure}") from error
