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
    everyone's marketing, else by that for everyone. There is one for every channel. `seconds` are those that take over
    while the first does not send, in their order.
    """

    choices: Mapping[Stream, str]
    seconds: Mapping[Stream, tuple[str, ...]] = {}

    @classmethod
    def parse(cls, text: str, channels: Mapping[str, Channel]) -> "Routing":
        """From `email=postmark, email.marketing=ses|sendgrid, acme/email=smtp, acme/email.marketing=sendgrid`.

        `channels` has every provider, the first of a channel as its default.
        Raises `ValueError`, which says what is wrong and what would be right.
        """
        choices: dict[Stream, str] = {}
        seconds: dict[Stream, tuple[str, ...]] = {}
        for name, channel in channels.items():
            choices.setdefault(("", channel, ""), name)
        for part in filter(None, (part.strip() for part in text.split(","))):
            stream, (first, *others) = _choice(part, channels)
            choices[stream], seconds[stream] = first, tuple(others)
        return cls(choices, seconds)

    def provider(self, shop: str, channel: Channel, purpose: str) -> str:
        """The name of the provider for what `shop` sends over `channel` with that purpose."""
        return self.choices[self._stream(shop, channel, purpose)]

    def relieves(self, second: str, first: str, shop: str, channel: Channel, purpose: str) -> bool:
        """Whether `second` sends that while `first` does not."""
        stream = self._stream(shop, channel, purpose)
        return self.choices[stream] == first and second in self.seconds.get(stream, ())

    def relieved_by(self, second: str) -> list[str]:
        """The providers for which `second` takes over something."""
        firsts = (self.choices[stream] for stream, others in self.seconds.items() if second in others)
        return list(dict.fromkeys(firsts))

    def _stream(self, shop: str, channel: Channel, purpose: str) -> Stream:
        streams: tuple[Stream, ...] = ((shop, channel, purpose), (shop, channel, ""), ("", channel, purpose))
        return next((stream for stream in streams if stream in self.choices), ("", channel, ""))

    def providers(self) -> list[str]:
        """Every provider that sends something, each once: the defaults first."""
        seconds = (name for names in self.seconds.values() for name in names)
        return list(dict.fromkeys([*self.choices.values(), *seconds]))

    def of_channel(self, channel: Channel) -> list[tuple[str, str, str]]:
        """The choices for a channel: shop and purpose (empty: every one), and the provider."""
        return [(shop, purpose, name) for (shop, of, purpose), name in self.choices.items() if of == channel]


def _choice(part: str, channels: Mapping[str, Channel]) -> tuple[Stream, list[str]]:
    left, _, right = (piece.strip() for piece in part.partition("="))
    providers = [name.strip() for name in right.split("|")]
    shop, _, wanted = left.rpartition("/")
    kind, dot, purpose = wanted.partition(".")
    for provider in providers:
        if provider not in channels:
            raise ValueError(f"{part!r} does not name a provider after '=': one of {', '.join(channels)}")
        if kind != channels[provider]:
            channel = channels[provider]
            raise ValueError(
                f"{part!r}: {provider} sends {channel}: write {channel}={provider}, or SHOP/{channel}={provider}"
            )
    channel = channels[providers[0]]
    if len(set(providers)) < len(providers):
        raise ValueError(f"{part!r} names a provider twice: write {left}=FIRST|SECOND")
    if dot and purpose not in PURPOSES:
        raise ValueError(
            f"{part!r}: {purpose!r} is not a purpose: write {channel}.{PURPOSES[0]}={right}; there are"
            f" {', '.join(PURPOSES)}"
        )
    return (shop.strip(), channel, purpose), providers
