"""The API of one shop: exchanges are driven with the credentials of its connection."""

from typing import TypeVar

from relevo_ingest.adapters.platform_requests import PlatformRequests
from relevo_ingest.connectors.platform_api import ApiFailure, Connection, Exchange, PlatformApi

T = TypeVar("T")


class ConnectedShop:
    """A shop whose API can be asked."""

    def __init__(self, requests: PlatformRequests, api: PlatformApi, connection: Connection) -> None:
        self._requests = requests
        self._api = api
        self._connection = connection

    async def ask(self, exchange: Exchange[T]) -> T | ApiFailure:
        """What came of the exchange, or why there is nothing."""
        return await self._requests.converse(self._api, self._connection, exchange)
