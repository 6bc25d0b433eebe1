"""The public keys of platforms that sign with a private one: fetched from their own host, and kept for a while."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from relevo_ingest.core.errors import Busy

_log = logging.getLogger(__name__)
_OK, _NOT_FOUND = 200, (403, 404, 410)
_MOST_BYTES = 16 * 1024


class KeyPolicy(Struct, frozen=True, kw_only=True):
    """Seconds of wall-clock time: how long a key is kept, how long it is not asked for again that there is none.

    Addresses come from headers that nothing proves: at most `most` are kept, and at most `most_fetches` are fetched in
    each `window`.
    """

    keeps: float = 24 * 3600
    keeps_absence: float = 60
    seconds: float = 3
    most: int = 100
    most_fetches: int = 20
    window: float = 60


class KeyServer:
    """Fetches keys by their addresses."""

    def __init__(
        self, client: httpx.AsyncClient, policy: KeyPolicy, monotonic: Callable[[], float], mirror: str = ""
    ) -> None:
        """A `mirror` is asked for each path in place of the host that the address has."""
        self._client = client
        self._mirror = mirror.rstrip("/")
        self._policy = policy
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._fetched_at: list[float] = []
        self._fetching = asyncio.Lock()

    async def get(self, addresses: Sequence[str]) -> Mapping[str, bytes]:
        """The keys that there are. Raises `Busy` if none of them could be asked for."""
        wanted = [address for address in dict.fromkeys(addresses) if address]
        found: dict[str, bytes] = {}
        failure: Busy | None = None
        for address in wanted:
            try:
                found[address] = await self._one(address)
            except Busy as error:
                failure = error
        if failure is not None and not any(found.values()):
            raise failure  # with one key of two a signature can be checked all the same
        return {address: key for address, key in found.items() if key}

    async def _one(self, address: str) -> bytes:
        """The key; empty if there is none at the address. Those who wait for one wait for the same request."""
        if (key := self._kept(address)) is not None:
            return key
        async with self._fetching:
            if (key := self._kept(address)) is not None:
                return key
            key = await self._fetch(address)
            lasts = self._policy.keeps if key else self._policy.keeps_absence
            self._known[address] = (self._monotonic() + lasts, key)
            self._known.move_to_end(address)
            while len(self._known) > self._policy.most:
                self._known.popitem(last=False)
            return key

    def _kept(self, address: str) -> bytes | None:
        until, key = self._known.get(address, (0.0, b""))
        return key if self._monotonic() < until else None

    async def _fetch(self, address: str) -> bytes:
        self._within_limit()
        try:
            answer = await self._client.get(self._place(address), timeout=self._policy.seconds, follow_redirects=False)
        except httpx.HTTPError as error:
            raise Busy(f"the key at {address} can't be fetched now: {type(error).__name__}") from error
        if answer.status_code in _NOT_FOUND:
            return b""
        if answer.status_code != _OK or len(answer.content) > _MOST_BYTES:
            raise Busy(f"the key at {address} can't be fetched now: HTTP {answer.status_code}")
        return answer.content

    def _place(self, address: str) -> str:
        return f"{self._mirror}{urlsplit(address).path}" if self._mirror else address

    def _within_limit(self) -> None:
        now = self._monotonic()
        self._fetched_at = [at for at in self._fetched_at if now - at < self._policy.window]
        if len(self._fetched_at) >= self._policy.most_fetches:
            _log.warning("more public keys are named than are fetched", extra={"repeats": "public keys"})
            raise Busy(f"more than {self._policy.most_fetches} unknown public keys are named at once")
        self._fetched_at.append(now)
