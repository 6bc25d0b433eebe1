"""Where messages go to, as far as limits tell: operators of mailboxes, domains, beginnings of numbers. Pure."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from relevo_contracts.contact import Channel

OPERATORS: Mapping[str, tuple[str, ...]] = {
    "google": ("gmail.com", "googlemail.com"),
    "microsoft": ("outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de",
                  "hotmail.it", "hotmail.es", "live.co.uk", "live.fr", "live.nl", "outlook.de", "outlook.fr",
                  "outlook.es"),
    "yahoo": ("yahoo.com", "ymail.com", "rocketmail.com", "myyahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de",
              "yahoo.it", "yahoo.es", "yahoo.com.br", "yahoo.co.in", "aol.com"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "united-internet": ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "mail.com"),
}  # fmt: skip
"""The domains of those who run the mailboxes of most people: whoever is slowed down at one of them is so at all."""

_OF_DOMAIN = {domain: operator for operator, domains in OPERATORS.items() for domain in domains}


class Destinations(Struct, frozen=True):
    """What tells destinations apart: operators always, and the `named` domains and prefixes (`+1`) of the limits."""

    named: frozenset[str] = frozenset()

    @classmethod
    def naming(cls, names: Collection[str]) -> "Destinations":
        """With these beside the operators."""
        return cls(frozenset(names))

    def of(self, channel: Channel, address: str) -> str:
        """The operator or the named domain of a mail, the longest named prefix of a number; empty: any other."""
        if channel == "email":
            domain = domain_of(address)
            return domain if domain in self.named else _OF_DOMAIN.get(domain, "")
        number = "+" + "".join(filter(str.isdigit, address)) if address.startswith("+") else address
        prefixes = [name for name in self.named if name.startswith("+") and number.startswith(name)]
        return max(prefixes, key=len, default="")


OPERATORS_ONLY = Destinations()


def domain_of(address: str) -> str:
    """The domain of an address, in lower case."""
    return address.rpartition("@")[2].strip().lower()


def place_of(channel: Channel, address: str) -> str:
    """Who slows down when one address is refused for its rate: the operator or the domain; of a number, nobody."""
    domain = domain_of(address) if channel == "email" else ""
    return _OF_DOMAIN.get(domain, domain)
