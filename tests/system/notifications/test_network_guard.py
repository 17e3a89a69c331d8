import socket
import threading

import pytest

from adapters.notifications.network_guard import ForbiddenAddress, guarded, is_allowed, networks
from tests.support.receivers import receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::7f00:1",
        "fec0::1",
        "5f00::1",
        "3fff::1",
        "2001:db8::1",
        "192.88.99.1",
        "localhost",
        "",
        "/run/postgresql/.s.PGSQL.5432",
        "0177.0.0.1",
    ],
)
def test_private_and_special_addresses_are_refused(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, ())


def test_a_setting_allows_one_network_and_no_other() -> None:
    allowed = networks(["10.1.0.0/16", "fd00::/8"])
    assert is_allowed("10.1.2.3", allowed)
    assert is_allowed("::ffff:10.1.2.3", allowed)
    assert is_allowed("fd00::5", allowed)
    assert not is_allowed("10.2.0.1", allowed)
    assert not is_allowed("127.0.0.1", allowed)


def test_connections_to_private_addresses_are_refused_during_sending_only() -> None:
    with receiver() as there:
        place = ("127.0.0.1", there.port)
        with guarded(()), pytest.raises(ForbiddenAddress):
            socket.create_connection(place, timeout=5)
        with guarded(networks(["127.0.0.0/8"])):
            socket.create_connection(place, timeout=5).close()
        socket.create_connection(place, timeout=5).close()

        # Another thread at the same time is none of its business.
        reached = threading.Event()

        def connect() -> None:
            socket.create_connection(place, timeout=5).close()
            reached.set()

        with guarded(()):
            thread = threading.Thread(target=connect)
            thread.start()
            thread.join()
        assert reached.is_set()


def test_unix_sockets_are_refused() -> None:
    with (
        guarded(networks(["0.0.0.0/0", "::/0"])),
        socket.socket(socket.AF_UNIX) as local,
        pytest.raises(ForbiddenAddress),
    ):
        local.connect("/nowhere")
