"""Which mails say in their links whose they are: those to the customer's own address, about the shop's own pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import structs

from relevo_notifier.core.visit_links import in_html, in_text, own_host
from relevo_notifier.core.work import Work
from relevo_runtime.links import Visit
from relevo_templates.messages import Rendered


class Storefronts(Protocol):
    """Which hosts are whose pages."""

    async def load(self) -> None:
        """Have ready what `is_at` needs, not much older than the catalog."""
        ...

    def is_at(self, shop: str, host: str) -> bool:
        """Whether pages of the shop are at `host`; never if it has no storefront that is open."""
        ...


class VisitLinks:
    """Puts a proof of who reads a mail into its links. `token` signs it; links below `other` are Relevo's own."""

    def __init__(self, storefronts: Storefronts, token: Callable[[Visit], str], other: str) -> None:
        self._storefronts = storefronts
        self._token = token
        self._other = other

    async def load(self) -> None:
        """Have ready what `marked` needs."""
        await self._storefronts.load()

    def marked(self, rendered: Rendered, work: Work, address: str, now: datetime) -> Rendered:
        """The mail with the proof in its links; as it is if it goes to an address that is not the customer's own."""
        delivery = work.delivery
        if delivery.channel != "email" or not _is_own(work, address):
            return rendered
        token = self._token(Visit(delivery.shop, delivery.key, now))

        def leads_to_shop(url: str) -> bool:
            host = own_host(url)
            return bool(host) and not url.startswith(self._other) and self._storefronts.is_at(delivery.shop, host)

        text, html = (in_text(rendered.text, leads_to_shop, token), in_html(rendered.html, leads_to_shop, token))
        return structs.replace(rendered, text=text, html=html)


def _is_own(work: Work, address: str) -> bool:
    """Whether the address is the customer's own; the contact of an event is anybody's, unless it is known as theirs."""
    if work.delivery.to != "contact":
        return True
    return work.known is not None and bool(address) and work.known.email.lower() == address.lower()
