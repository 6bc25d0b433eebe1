"""Which provider sends a shop's messages of a channel and a purpose. Pure."""

from collections.abc import Mapping
from typing import TypeAlias, get_args

from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_contracts.messages import Purpose

Stream: TypeAlias = tuple[str, Channel, str]
"""What a choice is about: a shop (empty: every one), a channel, a purpose (empty: every one)."""

PURPOSES = get_args(Purpose)


class Routing(Struct, frozen=True):
    """The choices: whatever says more of a message wins, and the shop says more than the purpose.

    So what `acme` sends as marketing goes by the choice for acme's marketing, else by that for acme, else by that for
    everyone's marketing, else by that for everyone. There is one for every channel.
    """

    choices: Mapping[Stream, str]

    @classmethod
    def parse(cls, text: str, channels: Mapping[str, Channel]) -> "Routing":
        """From `email=postmark, email.marketing=ses, acme/email=smtp, acme/email.marketing=sendgrid`.

        `channels` has every provider, the first of a channel as its default.
        Raises `ValueError`, which says what is wrong and what would be right.
        """
        choices: dict[Stream, str] = {}
        for name, channel in channels.items():
            choices.setdefault(("", channel, ""), name)
        for part in filter(None, (part.strip() for part in text.split(","))):
            stream, provider = _choice(part, channels)
            choices[stream] = provider
        return cls(choices)

    def provider(self, shop: str, channel: Channel, purpose: str) -> str:
        """The name of the provider for what `shop` sends over `channel` with that purpose."""
        for stream in ((shop, channel, purpose), (shop, channel, ""), ("", channel, purpose)):
            if (chosen := self.choices.get(stream)) is not None:
                return chosen
        return self.choices["", channel, ""]

    def providers(self) -> list[str]:
        """Every provider that sends something, each once: the defaults first."""
        return list(dict.fromkeys(self.choices.values()))

    def of_channel(self, channel: Channel) -> list[tuple[str, str, str]]:
        """The choices for a channel: shop and purpose (empty: every one), and the provider."""
        return [(shop, purpose, name) for (shop, of, purpose), name in self.choices.items() if of == channel]


def _choice(part: str, channels: Mapping[str, Channel]) -> tuple[Stream, str]:
    left, _, provider = (piece.strip() for piece in part.partition("="))
    shop, _, wanted = left.rpartition("/")
    kind, dot, purpose = wanted.partition(".")
    if provider not in channels:
        raise ValueError(f"{part!r} does not name a provider after '=': one of {', '.join(channels)}")
    channel = channels[provider]
    if kind != channel:
        raise ValueError(
            f"{part!r}: {provider} sends {channel}: write {channel}={provider}, or SHOP/{channel}={provider}"
        )
    if dot and purpose not in PURPOSES:
        raise ValueError(
            f"{part!r}: {purpose!r} is not a purpose: write {channel}.{PURPOSES[0]}={provider}; there are"
            f" {', '.join(PURPOSES)}"
        )
    return (shop.strip(), channel, purpose), provider
