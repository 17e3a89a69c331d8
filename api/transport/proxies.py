"""Trusted proxies: the sources of headers about a client's address."""

from collections.abc import Collection, Iterable
from ipaddress import ip_address, ip_network


class TrustedProxies:
    """Addresses and networks of trusted proxies; without any, no header is believed."""

    def __init__(self, networks: Collection[str]) -> None:
        self._networks = [ip_network(each, strict=False) for each in networks]

    def trusts(self, address: str) -> bool:
        """True if an address is one of ours."""
        if not self._networks:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(mapped in network for network in self._networks)

    def client_of(self, peer: str, forwarded: Iterable[bytes]) -> str:
        """The client's address of a request from ``peer``: the right-most hop that is no proxy of ours.

        Hops to the left of it were written by untrusted senders.
        """
        client = peer
        hops = [hop for header in forwarded for hop in header.decode("latin-1").split(",")]
        while self.trusts(client) and hops:
            hop = _hop_address(hops.pop().strip())
            if hop is None:
                break
            client = hop
        return client


def _hop_address(hop: str) -> str | None:
    """The address of a hop, which some proxies give with a port; without a zone, which may be any text."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    address = hop.partition("%")[0]
    return address if is_address(address) else None


def is_address(name: str) -> bool:
    """True if a text is an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
