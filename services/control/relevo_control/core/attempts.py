"""How often an address may fail to log in: what is beyond is refused unseen. Pure."""

from collections import OrderedDict
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

_MOST_ADDRESSES = 10_000


class FailedAttempts:
    """Counts failures by address within `window`, of IPv6 by its /64: one customer of a provider has all of that.

    Of too many addresses the one that failed first is forgotten.
    """

    def __init__(self, most: int, window: timedelta = timedelta(minutes=1)) -> None:
        self._most = most
        self._window = window
        self._failed: OrderedDict[str, list[datetime]] = OrderedDict()

    def wait(self, address: str, now: datetime) -> timedelta | None:
        """How long the address has to wait; `None`: it may try."""
        recent = self._recent(address, now)
        return recent[-self._most] + self._window - now if len(recent) >= self._most else None

    def failed(self, address: str, now: datetime) -> None:
        """The address failed to log in."""
        self._failed[_whose(address)] = [*self._recent(address, now), now]
        if len(self._failed) > _MOST_ADDRESSES:
            self._failed.popitem(last=False)

    def _recent(self, address: str, now: datetime) -> list[datetime]:
        return [at for at in self._failed.get(_whose(address), ()) if at > now - self._window]


def _whose(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found) >> 64 << 64, 64)))
