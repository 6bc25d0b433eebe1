"""What links of a message become: what a shop and a person want of it, as one function of an address. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from msgspec import Struct

from relevo_contracts.link_rules import UTM as UTM_NAMES
from relevo_contracts.link_rules import Following, LinkRules, following
from relevo_contracts.messages import SendDelivery
from relevo_contracts.sending import Sent
from relevo_contracts.storefront import with_parameters, with_visit
from relevo_contracts.template import TemplateLinks
from relevo_notifier.core.link_rewriting import host_of, own_host
from relevo_notifier.core.work import Work
from relevo_runtime.links import Link, Redirect, Visit
from relevo_templates.addresses import web_address

_SOURCE = "relevo"


class Shape(Struct, frozen=True):
    """How links of one message are changed. `base` is where Relevo's own pages are; links there stay.

    `is_own` says whether a host is the shop's, `is_storefront` whether its pages tell who visits them; `sign` makes
    tokens. `clicks`: links lead there by way of `base`. `visits`: whoever reads the message is known to the storefront.
    """

    base: str
    sent: Sent
    clicks: bool
    utm: dict[str, str]
    sign: Callable[[Link], str]
    is_own: Callable[[str], bool]
    is_storefront: Callable[[str], bool]
    visits: bool = False


class Rewriting:
    """The links of one message. The same address is the same link, wherever it stands in the message."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._made: dict[str, str] = {}
        self._number = 0
        self._visit = ""

    def __call__(self, url: str) -> str:
        """What stands in the place of an address: itself if it does not lead to a page of the web, or to Relevo's."""
        made = self._made.get(url)
        if made is None:
            made = self._made[url] = self._new(url)
        return made

    def _new(self, url: str) -> str:
        shape = self._shape
        if url[:4].lower() != "http" or url.startswith(shape.base) or not (target := web_address(url)):
            return url
        host = host_of(url)
        if shape.utm and shape.is_own(host):
            plain, url = url, with_parameters(url, shape.utm)
            target = url if target == plain else with_parameters(target, shape.utm)
        visited = shape.visits and bool(host) and shape.is_storefront(host) and bool(own_host(url))
        if shape.clicks:
            self._number += 1
            return f"{shape.base}l/{shape.sign(Redirect(shape.sent, target, self._number, visited))}"
        return with_visit(url, self._proof()) if visited else url

    def _proof(self) -> str:
        if not self._visit:
            sent = self._shape.sent
            self._visit = self._shape.sign(visit_of(sent))
        return self._visit


def visit_of(sent: Sent) -> Visit:
    """Who reads a message, as the storefront hears it."""
    return Visit(sent.shop, sent.key, datetime.fromtimestamp(sent.at, UTC))


def sent_of(delivery: SendDelivery, now: datetime) -> Sent:
    """Which message it is, on its way at `now`."""
    step = delivery.id.partition("/")[2].rpartition("/")[0]
    return Sent(
        delivery.shop,
        delivery.key,
        delivery.id,
        delivery.workflow,
        delivery.definition,
        delivery.template,
        delivery.topic or delivery.purpose,
        delivery.channel,
        int(now.timestamp()),
        "" if delivery.step == step else delivery.step,
        delivery.hops,
    )


def following_of(rules: LinkRules, work: Work, template: TemplateLinks) -> Following:
    """What is done with the links of one message."""
    delivery = work.delivery
    transactional = delivery.purpose == "transactional"
    return following(rules, work.contact(), delivery.channel, template, transactional=transactional)


def campaign(shop: Mapping[str, str] | None, delivery: SendDelivery, template: TemplateLinks) -> dict[str, str]:
    """The campaign parameters of a message's links: what its template says, else the shop, else the workflow.

    An empty one is left out.
    """
    if shop is None:
        return {}
    said = (*shop.items(), *(template.utm or {}).items())
    return _campaign(delivery.channel, delivery.workflow, delivery.template, said)


@lru_cache(maxsize=4096)  # of a shop and a template
def _campaign(channel: str, workflow: str, template: str, said: tuple[tuple[str, str], ...]) -> dict[str, str]:
    given = {"source": _SOURCE, "medium": channel, "campaign": workflow, "content": template, **dict(said)}
    return {f"utm_{name}": quote(given[name], safe="") for name in UTM_NAMES if given.get(name)}
