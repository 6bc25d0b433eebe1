"""Which provider sends a shop's messages of a channel. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from relevo_contracts.contact import Channel


class Routing(Struct, frozen=True):
    """`default` has a provider for each channel; `of_shop` has those of shops that have another."""

    default: Mapping[Channel, str]
    of_shop: Mapping[tuple[str, Channel], str] = {}

    @classmethod
    def parse(cls, text: str, channels: Mapping[str, Channel]) -> "Routing":
        """From `email=postmark, acme/email=smtp`. `channels` has every provider, the first of a channel as its default.

        Raises `ValueError`, which says what is wrong and what would be right.
        """
        default: dict[Channel, str] = {}
        for name, channel in channels.items():
            default.setdefault(channel, name)
        of_shop: dict[tuple[str, Channel], str] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            shop, channel, provider = _choice(part, channels)
            if shop:
                of_shop[shop, channel] = provider
            else:
                default[channel] = provider
        return cls(default, of_shop)

    def provider(self, shop: str, channel: Channel) -> str:
        """The name of the provider for what `shop` sends over `channel`."""
        return self.of_shop.get((shop, channel)) or self.default[channel]

    def providers(self) -> list[str]:
        """Every provider that sends something, each once: the defaults first."""
        return list(dict.fromkeys([*self.default.values(), *self.of_shop.values()]))

    def exceptions(self, channel: Channel) -> dict[str, str]:
        """The shops whose messages of `channel` don't go the default way, each with its provider."""
        return {shop: name for (shop, of), name in self.of_shop.items() if of == channel}


def _choice(part: str, channels: Mapping[str, Channel]) -> tuple[str, Channel, str]:
    left, _, provider = (piece.strip() for piece in part.partition("="))
    shop, _, wanted = left.rpartition("/")
    if provider not in channels:
        raise ValueError(f"{part!r} does not name a provider after '=': one of {', '.join(channels)}")
    channel = channels[provider]
    if wanted != channel:
        raise ValueError(
            f"{part!r}: {provider} sends {channel}: write {channel}={provider}, or SHOP/{channel}={provider}"
        )
    return shop.strip(), channel, provider
