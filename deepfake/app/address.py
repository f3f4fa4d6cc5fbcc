"""Where the page listens."""

import errno
import ipaddress
import logging
import socket

from deepfake.errors import ConfigError
from deepfake.names import shown

USUAL = 7860  # the port that Gradio's pages have
log = logging.getLogger(__name__)
_WHY = {
    errno.EACCES: "this user may not listen there: give a port from 1024 on",
    errno.EADDRNOTAVAIL: "this machine has no such address: give 127.0.0.1, or 0.0.0.0 for all that it has",
}


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens, which the caller closes.

    Args:
        host: name or address.
        port: None takes the usual port, or another one that is free.

    Raises:
        ConfigError: the port is taken, or the host is no address of this machine.
    """
    try:
        family, *_, place = socket.getaddrinfo(host, port or USUAL, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        why = "no address is known by this name: give 127.0.0.1, or another address of this machine"
        raise ConfigError(f"host={shown(host)}: {why}") from error
    try:
        return socket.create_server(place[:2], family=family)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            why = _WHY.get(error.errno or 0, str(error.strerror))
            raise ConfigError(f"host={shown(host)} port={port or USUAL}: {why}") from error
    if port is not None:
        raise ConfigError(
            f"port={port} is taken by another program: give another one, or leave it out for one that is free"
        )
    return socket.create_server((place[0], 0), family=family)


def is_local(listener: socket.socket) -> bool:
    """Return whether only this machine can reach a socket."""
    return ipaddress.ip_address(str(listener.getsockname()[0])).is_loopback


def warn_if_open(listener: socket.socket) -> None:
    """Warn of a socket that other machines can reach."""
    if not is_local(listener):
        log.warning(
            "host=%s lets everybody who can reach this machine open the page, without a password and unencrypted",
            listener.getsockname()[0],
        )


def url_of(listener: socket.socket) -> str:
    """Return the address that a browser on this machine is given."""
    host, port = map(str, listener.getsockname()[:2])
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://{host if address.version == 4 else f'[{host}]'}:{port}"
