"""Which addresses workflows may call. Pure.

A URL may come in parts from a customer, and a name may resolve to anything: a call must not reach what is only
meant for the inside. So the addresses that a name resolved to are judged, and the connection goes to one of those.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class Allowed(Struct, frozen=True):
    """Private places that may be called: host names (`erp.internal`, `*.internal`), addresses and networks.

    Each may end in `:port`. Public addresses need no permission.
    """

    patterns: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Allowed":
        """From a list with commas. Raises `ValueError` for a pattern that can never fit."""
        patterns = tuple(part.strip().lower() for part in text.split(",") if part.strip())
        for pattern in patterns:
            _check(pattern)
        return cls(patterns)

    def permits(self, host: str, port: int, address: str) -> bool:
        """Whether a call to `host`, which resolved to `address`, may go there."""
        return public(address) or any(_fits(pattern, host.lower(), port, address) for pattern in self.patterns)


def why_blocked(allowed: Allowed, host: str, port: int, addresses: Sequence[str]) -> str:
    """Why none of `addresses` may be called, if one of them may not; empty: all may."""
    if all(allowed.permits(host, port, address) for address in addresses):
        return ""
    return (
        f"{host} is inside a private network, where workflows may not call: "
        f"allow it with RELEVO_NOTIFIER_CALL_HOSTS={host}:{port}"
    )


def public(address: str) -> bool:
    """Whether an address belongs to the Internet at large; what wraps an IPv4 address counts as that one."""
    ip = _unwrapped(ip_address(address.partition("%")[0]))
    return ip.is_global and not ip.is_multicast


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def _fits(pattern: str, host: str, port: int, address: str) -> bool:
    place, wanted = _split(pattern)
    if wanted and wanted != str(port):
        return False
    if _is_network(place):
        ip = ip_address(address.partition("%")[0])
        network = ip_network(place, strict=False)
        return ip.version == network.version and ip in network
    return host.endswith(place[1:]) if place.startswith("*.") else host == place


def _split(pattern: str) -> tuple[str, str]:
    """The place and the port, `""` for every port. IPv6 with a port is written [::1]:8080."""
    if pattern.startswith("["):
        place, _, port = pattern[1:].partition("]")
        return place, port.removeprefix(":")
    if pattern.count(":") == 1:
        place, _, port = pattern.partition(":")
        return place, port
    return pattern, ""


def _is_network(place: str) -> bool:
    try:
        ip_network(place, strict=False)
    except ValueError:
        return False
    return True


def _check(pattern: str) -> None:
    place, port = _split(pattern)
    if port and not port.isdigit():
        raise ValueError(f"{pattern!r}: the port must be a number")
    if not place or "*" in place.removeprefix("*.") or ("/" in place and not _is_network(place)):
        raise ValueError(f"{pattern!r} is not a host, *.domain, address or network such as 10.0.0.0/8")
