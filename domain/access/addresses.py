"""Addresses of clients as limits count them, pure."""

from ipaddress import IPv6Address, ip_address

_IPV6_NETWORK_BITS = 64


def network_of(address: str) -> str:
    """The address, or the /64 network of one in IPv6: one client has a whole network of these."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> _IPV6_NETWORK_BITS << _IPV6_NETWORK_BITS))
