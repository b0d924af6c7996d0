from __future__ import annotations

import socket

import pytest

from devserver.serving import give_up_on_the_vanished


@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such time limit"
)
def test_who_takes_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        give_up_on_the_vanished(listener, 0.3)
        with (
            socket.create_connection(listener.getsockname()),
            listener.accept()[0] as accepted,
            pytest.raises(TimeoutError),
        ):
            accepted.sendall(bytes(64 * 1024**2))


def test_who_is_asked_for_nothing_is_asked_whether_it_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        give_up_on_the_vanished(listener, 60)
        with (
            socket.create_connection(listener.getsockname()),
            listener.accept()[0] as accepted,
        ):
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            if hasattr(socket, "TCP_KEEPIDLE"):
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
