"""The ports that tests give to daemons and ranks are nobody else's."""

import socket
from collections.abc import Callable

import pytest

Ports = Callable[[int], list[int]]


@pytest.mark.parametrize("host", ["", "127.0.0.1"])
def test_who_looks_for_a_free_port_finds_another(ports: Ports, host: str) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((host, ports(1)[0]))


@pytest.mark.parametrize("host", ["", "127.0.0.1"])
def test_whom_it_was_given_to_listens_there(ports: Ports, host: str) -> None:
    daemon = socket.create_server((host, ports(1)[0]))  # which lets it be used again
    address = ("127.0.0.1", daemon.getsockname()[1])
    with daemon, socket.create_connection(address):
        pass


def test_all_are_different(ports: Ports) -> None:
    assert len({*ports(20), *ports(20)}) == 40
