"""Sockets of the page: a port that is taken, an address of others, and who is warned."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from deepfake.app import address
from deepfake.app.address import is_local, listen, url_of, warn_if_open
from deepfake.errors import ConfigError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_refused_where_it_was_asked_for(taken: int) -> None:
    with pytest.raises(ConfigError, match=f"^port={taken} is taken by another program: give another one, or leave it"):
        listen("127.0.0.1", taken)


def test_a_taken_port_is_replaced_where_nobody_asked_for_it(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "USUAL", taken)
    with closing(listen("127.0.0.1", None)) as listener:
        port = listener.getsockname()[1]
        assert port != taken and url_of(listener) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "a" * 300])
def test_a_host_that_is_not_this_machine_is_one_line(host: str) -> None:
    with pytest.raises(ConfigError, match=r"^host=.*: (this machine has no such address|no address is known)") as error:
        listen(host, None)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "local", "url"),
    [("127.0.0.1", True, "http://127.0.0.1:"), ("0.0.0.0", False, "http://127.0.0.1:"), ("::1", True, "http://[::1]:")],
)
def test_only_an_open_page_is_warned_of(
    host: str, local: bool, url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "USUAL", 0)
    if ":" in host and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with closing(listen(host, None)) as listener, caplog.at_level(logging.INFO):
        warn_if_open(listener)
        assert is_local(listener) == local and url_of(listener).startswith(url)
    assert [record.levelname for record in caplog.records] == ([] if local else ["WARNING"])
    assert all(f"host={host} lets everybody" in message and "\n" not in message for message in caplog.messages)


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
