"""The links of a message as they go out: followed if shop and person agree, with campaign parameters, and with a proof
of who reads it for the shop's own pages.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import structs

from relevo_contracts.link_rules import NOTHING, Following
from relevo_notifier.core.link_rewriting import in_html, in_text
from relevo_notifier.core.tracking import Rewriting, Shape, campaign, following_of, sent_of
from relevo_notifier.core.work import Work
from relevo_runtime.catalog import Shop
from relevo_runtime.links import Link, Opening
from relevo_templates.messages import SMS_GREATEST, Rendered

_BODY_END = "</body>"


class Storefronts(Protocol):
    """Which hosts are whose pages."""

    async def load(self) -> None:
        """Have ready what `is_at` needs, not much older than the catalog."""
        ...

    def is_at(self, shop: str, host: str) -> bool:
        """Whether pages of the shop are at `host`; never if it has no storefront that is open."""
        ...


class MessageLinks:
    """Changes the links of messages. `sign` makes tokens; links below `base` are Relevo's own, and stay.

    `visits`: whether links to a storefront tell it who reads the mail.
    """

    def __init__(
        self, storefronts: Storefronts, sign: Callable[[Link], str], base: str, *, visits: bool = True
    ) -> None:
        self._storefronts = storefronts
        self._sign = sign
        self._base = base
        self._visits = visits

    async def load(self) -> None:
        """Have ready what `rewritten` needs."""
        await self._storefronts.load()

    def rewritten(self, rendered: Rendered, work: Work, shop: Shop, address: str, now: datetime) -> Rendered:
        """The message with its links as they go out.

        It is as it was written if its person wants that, or if it goes to an address that is not the customer's own:
        nothing is to be learnt of a customer from what somebody else does. So is one by WhatsApp, whose texts
        are approved as they are, and a push message.
        """
        wanted = following_of(shop.links, work, rendered.links)
        wanted = structs.replace(wanted, visits=wanted.visits and self._visits)
        told = work.delivery.channel in ("email", "sms")
        if wanted == NOTHING or not told or not work.is_own(address):
            return rendered
        shape = self._shape(work, shop, wanted, rendered, now)
        rewriting = Rewriting(shape)
        if work.delivery.channel == "sms":
            text = in_text(rendered.text, rewriting)
            return structs.replace(rendered, text=text) if len(text) <= SMS_GREATEST else rendered
        html = in_html(rendered.html, rewriting)
        if wanted.opens:
            html = _with_picture(html, f"{self._base}o/{self._sign(Opening(shape.sent))}")
        return structs.replace(rendered, text=in_text(rendered.text, rewriting), html=html)

    def _shape(self, work: Work, shop: Shop, wanted: Following, rendered: Rendered, now: datetime) -> Shape:
        name, domain, hosts = work.delivery.shop, shop.domain.lower(), shop.links.hosts

        def is_storefront(host: str) -> bool:
            return self._storefronts.is_at(name, host)

        def is_own(host: str) -> bool:
            return bool(host) and (host.removeprefix("www.") == domain or host in hosts or is_storefront(host))

        return Shape(
            base=self._base,
            sent=sent_of(work.delivery, now),
            clicks=wanted.clicks,
            utm=campaign(wanted.utm, work.delivery, rendered.links),
            sign=self._sign,
            is_own=is_own,
            is_storefront=is_storefront,
            visits=wanted.visits,
        )


def _with_picture(html: str, url: str) -> str:
    """The mail with a picture of one pixel as its last part, which nobody sees or is read."""
    picture = f'<img src="{url}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0" />'
    end = html.rfind(_BODY_END)
    return f"{html[:end]}{picture}{html[end:]}" if end >= 0 else html + picture
