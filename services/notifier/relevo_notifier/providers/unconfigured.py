"""What stands in for a provider whose options are not set."""

from collections.abc import Sequence
from datetime import timedelta

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.core.provider_results import ProviderResult, TryLater


class Unconfigured:
    """Keeps messages until the provider is set up or they are too late."""

    slots = 1
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, channel: Channel, how: str) -> None:
        """`how` says what to set."""
        self.channel = channel
        self._how = how

    async def send(self, message: Message) -> ProviderResult:
        """Sends nothing."""
        return TryLater(f"no provider for {self.channel} is set up: {self._how}", concern="provider")

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        """Nothing was ever sent."""
        return []

    async def close(self) -> None:
        """There is nothing to close."""
