"""By which ways people are written to, and to which address by each."""

from typing import Literal, Protocol, assert_never, get_args

Channel = Literal["email", "sms", "whatsapp", "push"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


class Reachable(Protocol):
    """Whoever has an address and a number: a contact, a buyer, the contact of an event."""

    @property
    def email(self) -> str:
        """The address; empty: it is not known."""
        ...

    @property
    def phone(self) -> str:
        """The number; empty: it is not known."""
        ...


def address_of(who: Reachable, channel: Channel) -> str:
    """The address or number of `who` on `channel`; none for `push`, which goes to devices."""
    match channel:
        case "email":
            return who.email
        case "sms" | "whatsapp":
            return who.phone
        case "push":
            return ""
        case _:
            assert_never(channel)
