"""The guard of outgoing messages: no connection to a private network, unless a setting allows it.

Libraries resolve names by themselves and follow redirects, so the address is checked at the last moment: when a socket
is connected. An audit hook sees every connect of the process; it acts only on threads that have asked for it. So a name
that resolves differently the second time, or a redirect, cannot reach another address.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Networks = Sequence[IPv4Network | IPv6Network]
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
# Where an IPv4 address travels inside of one of IPv6.
_NAT64 = IPv6Network("64:ff9b::/96")
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
# All that was ever given out of IPv6, and what of it leads nowhere: everything else is a form of an IPv4 address, local
# to a site, or not in use.
_GIVEN_OUT = IPv6Network("2000::/3")
_NOWHERE = (IPv6Network("2001:db8::/32"), IPv6Network("3fff::/20"))
# Relays between IPv4 and IPv6, of which there are none any more.
_RELAYS = IPv4Network("192.88.99.0/24")
_here = threading.local()
_lock = threading.Lock()
_installed = False


class ForbiddenAddress(OSError):
    """The connection would go to an address that messages may not go to."""


def networks(names: Sequence[str]) -> Networks:
    """Networks from their names."""
    return tuple(ip_network(name, strict=False) for name in names)


def is_allowed(address: str, allowed: Networks) -> bool:
    """True if messages may go to an address: one of the internet, or of an allowed network."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped
        if inner is None and found in _NAT64:
            inner = IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            found = inner
    if any(found.version == network.version and found in network for network in allowed):
        return True
    if isinstance(found, IPv6Address):
        if found not in _GIVEN_OUT or any(found in network for network in (*_TUNNELS, *_NOWHERE)):
            return False
    elif found in _RELAYS:
        return False
    return found.is_global and not found.is_multicast


@contextmanager
def guarded(allowed: Networks) -> Iterator[None]:
    """Let this thread connect to nothing else inside; a connect that is refused raises ``ForbiddenAddress``."""
    _install()
    before = getattr(_here, "allowed", None)
    _here.allowed = allowed
    try:
        yield
    finally:
        _here.allowed = before


def _install() -> None:
    global _installed  # noqa: PLW0603  a hook of the process, which can never be taken away again
    with _lock:
        if not _installed:
            sys.addaudithook(_audit)
            _installed = True


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _CONNECTS:
        return
    allowed: Networks | None = getattr(_here, "allowed", None)
    if allowed is None:
        return
    address = arguments[-1]
    # A path is a socket of this machine; a name that was not looked up is no address.
    host = address[0] if isinstance(address, tuple) and address and isinstance(address[0], str) else ""
    if not is_allowed(host, allowed):
        raise ForbiddenAddress("Messages may not go to this address.")
