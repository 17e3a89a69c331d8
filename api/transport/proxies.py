"""Proxies whose word counts about where a request comes from."""

from collections.abc import Collection, Iterable
from ipaddress import ip_address, ip_network


class TrustedProxies:
    """Whose word counts about where a request comes from: addresses and networks, nobody without any."""

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
        """The address that a request of ``peer`` comes from: the right-most hop that is no proxy of ours.

        What stands left of that hop was told by somebody whose word does not count.
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
    """The address of a hop, which some proxies give with a port."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    return hop if is_address(hop) else None


def is_address(name: str) -> bool:
    """True if a text is an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
