"""`/preferences/{token}`: what somebody gets, and the form by which they choose otherwise. A POST alone changes it."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_contracts.link_rules import TRACKING_TOPIC
from relevo_contracts.standing import Standing
from relevo_ingest.app.ports import KnownShop, ShopCatalog
from relevo_ingest.app.say_consent import ConsentDependencies
from relevo_ingest.app.set_preferences import choose, leave
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.preferences import UNFOLLOWED, FollowedLink, Proof, Selection, choices_of, purposes_of
from relevo_ingest.core.storefront.traffic import address_hash
from relevo_ingest.entrypoints import preference_pages
from relevo_ingest.entrypoints.link_requests import (
    asked_language,
    bad_link,
    body_of,
    busy,
    link_of,
    page_response,
    shop_of,
)
from relevo_ingest.entrypoints.pages import Visit, spoken
from relevo_ingest.entrypoints.preference_pages import LEAVE, SAVE, Shown, label_of
from relevo_ingest.entrypoints.preference_texts import VERSION
from relevo_ingest.entrypoints.storefront import client_address
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import Preferences

_BODY_LIMIT = 65_536
_MOST_FIELDS = 1000
_ONE_CLICK = "List-Unsubscribe"


class PreferencePages(Struct, frozen=True):
    """The endpoints below `/preferences/`. The token alone says who it is about: there is no cookie."""

    settings: IngestSettings
    shops: ShopCatalog
    consents: ConsentDependencies
    clock: Clock

    def routes(self) -> list[Route]:
        """Their routes."""
        path = "/preferences/{token}"
        return [Route(path, self.show, methods=["GET"]), Route(path, self.follow, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """`GET /preferences/{token}`: what the person gets by now."""
        link = self._link(request)
        if link is None:
            return bad_link(request)
        try:
            shop = await shop_of(self.shops, link.shop)
            return self._page(request, link, shop, await self.consents.store.look(link.shop, link.key))
        except Busy:
            return busy(Visit(asked_language(request)), self.settings)

    async def follow(self, request: Request) -> Response:
        """`POST /preferences/{token}`: the page's buttons. The answer says what holds then."""
        link = self._link(request)
        if link is None:
            return bad_link(request)
        form = parse_qs(await self._body(request), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        try:
            shop = await shop_of(self.shops, link.shop)
            if shop is not None and shop.held:
                raise Busy(shop.held)
            if form.get("do") == [LEAVE] or _ONE_CLICK in form:
                person = await leave(self.consents, link, self.clock.now())
            elif form.get("do") == [SAVE]:
                person = await self._choose(request, link, shop, form)
            else:
                return self._page(request, link, shop, await self.consents.store.look(link.shop, link.key))
            return self._page(request, link, shop, person, saved=True)
        except Busy:
            return busy(Visit(asked_language(request)), self.settings)

    async def _choose(
        self, request: Request, link: FollowedLink, shop: KnownShop | None, form: Mapping[str, list[str]]
    ) -> Standing:
        selection = Selection(
            ticked=frozenset(form.get("get", ())),
            showed=frozenset(form.get("showed", ())),
            preferred=form.get("preferred", [""])[0],
        )
        secret = self.settings.link_secret.get_secret_value()
        ip_hash = address_hash(secret, link.shop, client_address(request, self.settings.ingest_client_header))

        def proof(person: Standing) -> Proof:
            language = _language(request, shop, person)
            names = (*purposes_of(person.policy), TRACKING_TOPIC)
            labels = {name: label_of(name, person.policy, language) for name in names}
            version = "/".join(filter(None, (VERSION, language, person.policy.version)))
            return Proof(wording_version=version, ip_hash=ip_hash, labels=labels)

        rules = shop.links if shop is not None else UNFOLLOWED
        return await choose(self.consents, link, selection, proof, now=self.clock.now(), rules=rules)

    def _page(
        self, request: Request, link: FollowedLink, shop: KnownShop | None, person: Standing, *, saved: bool = False
    ) -> Response:
        visit = Visit(_language(request, shop, person), (shop.name if shop else "") or link.shop, link.channel)
        if person.erased:
            return page_response(preference_pages.erased(visit))
        choices = choices_of(person, link, self.clock.now(), shop.links if shop is not None else UNFOLLOWED)
        return page_response(preference_pages.page(visit, Shown(choices, person.policy, saved)))

    async def _body(self, request: Request) -> str:
        body = await body_of(request, self.settings, _BODY_LIMIT)
        return body.decode("utf-8", "replace").replace("\0", "")

    def _link(self, request: Request) -> FollowedLink | None:
        link = link_of(request, self.settings)
        if not isinstance(link, Preferences):
            return None
        return FollowedLink(shop=link.shop, key=link.key, channel=link.channel, address=link.address, at=link.at)


def _language(request: Request, shop: KnownShop | None, person: Standing) -> str:
    """The person's own language, else what the browser asks for, else the shop's."""
    own = spoken(person.contact.locale) if person.contact is not None else ""
    return own or asked_language(request, shop.locale if shop else "")
