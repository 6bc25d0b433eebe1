"""Where a request came from, also behind proxies. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def networks(text: str) -> list[Network]:
    """Networks that are written with commas between. Raises `ValueError`."""
    return [ip_network(one) for one in filter(None, (part.strip() for part in text.split(",")))]


def origin(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The address of who asks: the peer, or what trusted proxies say of whom they speak for.

    `X-Forwarded-For` is read from its end, as each proxy adds there whom it has heard from: the first address that is
    not a trusted proxy's own is the one. Whoever is not trusted can say what they like.
    """
    found = peer
    for said in reversed([one.strip() for one in forwarded.split(",")] if forwarded else []):
        if not _is_in(found, trusted) or not _is_address(said):
            break
        found = said
    return found


def _is_in(address: str, trusted: Sequence[Network]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
