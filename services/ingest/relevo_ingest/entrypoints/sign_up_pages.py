"""`/c/{token}`: the page by which the owner of an address confirms a sign-up, in the look of the unsubscribe page."""

from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_contracts.storefront import VISIT_PARAMETER
from relevo_ingest.app.confirm_sign_up import confirm_sign_up, decline_sign_up
from relevo_ingest.app.ports import KnownShop, ShopCatalog
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.storefront.opt_in import OptIn
from relevo_ingest.core.storefront.traffic import address_hash
from relevo_ingest.entrypoints import pages
from relevo_ingest.entrypoints.link_requests import asked_language, body_of, busy, link_of, page_response, shop_of
from relevo_ingest.entrypoints.pages import Visit, about, form, whole_page
from relevo_ingest.entrypoints.sign_up_texts import SIGN_UP_TEXTS, SignUpTexts
from relevo_ingest.entrypoints.storefront import StorefrontParts, client_address
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import Confirm, masked, token_of
from relevo_runtime.links import Visit as VisitLink

_BODY_LIMIT = 4_096
_DECLINED = "no"


class SignUpPages(Struct, frozen=True):
    """The endpoints below `/c/`. Only a POST changes anything: gateways open every link of a mail."""

    settings: IngestSettings
    shops: ShopCatalog
    parts: StorefrontParts
    clock: Clock

    def routes(self) -> list[Route]:
        """Their routes."""
        return [Route("/c/{token}", self.show, methods=["GET"]), Route("/c/{token}", self.follow, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """`GET /c/{token}`: what there is to say about the sign-up now."""
        try:
            shop, one = await self._found(request)
        except Busy:
            return busy(Visit(asked_language(request)), self.settings)
        visit = _visit(request, shop, one)
        if shop is None or one is None:
            return page_response(pages.bad_link(visit), 404)
        return page_response(self._state(visit, one) or _asking(visit))

    async def follow(self, request: Request) -> Response:
        """`POST /c/{token}`: the page's buttons."""
        try:
            shop, one = await self._found(request)
            visit = _visit(request, shop, one)
            if shop is None or one is None:
                return page_response(pages.bad_link(visit), 404)
            if shop.held:
                raise Busy(shop.held)
            return page_response(self._state(visit, one) or await self._answered(request, visit, one))
        except Busy:
            return busy(Visit(asked_language(request)), self.settings)

    async def _answered(self, request: Request, visit: Visit, one: OptIn) -> str:
        now, secret = self.clock.now(), self.settings.link_secret.get_secret_value()
        ip_hash = address_hash(secret, one.shop, client_address(request, self.settings.ingest_client_header))
        body = await body_of(request, self.settings, _BODY_LIMIT)
        if parse_qs(body.decode("latin-1")).get("confirm") == [_DECLINED]:
            await decline_sign_up(self.parts.deps, one, now, ip_hash)
            return _declined(visit)
        key = await confirm_sign_up(self.parts.deps, one, now, ip_hash)
        return _done(visit, _back(one, token_of(secret, VisitLink(one.shop, key, now))))

    def _state(self, visit: Visit, one: OptIn) -> str:
        """The page of a sign-up that can't be confirmed any more, or was; empty while it waits."""
        words = _words(visit)
        if one.state == "confirmed":
            return whole_page(visit, words.already, f"<p>{escape(words.already_more)}</p>")
        if one.state == "declined":
            return _declined(visit)
        if one.is_over(self.clock.now()) or not one.address:
            return whole_page(visit, words.late, f"<p>{escape(words.again)}</p>")
        return ""

    async def _found(self, request: Request) -> tuple[KnownShop | None, OptIn | None]:
        """The sign-up of the link, with its shop. Raises `Busy`."""
        link = link_of(request, self.settings)
        if not isinstance(link, Confirm):
            return None, None
        shop = await shop_of(self.shops, link.shop)
        return shop, await self.parts.deps.opt_ins.find(link.shop, link.request)


def _visit(request: Request, shop: KnownShop | None, one: OptIn | None) -> Visit:
    locale = (one.details.locale if one else "") or (shop.locale if shop else "")
    language = asked_language(request, locale)
    address = masked(one.address) if one and one.address else ""
    return Visit(language, (shop.name or shop.shop) if shop else "", "email", address)


def _words(visit: Visit) -> SignUpTexts:
    return SIGN_UP_TEXTS[visit.language]


def _asking(visit: Visit) -> str:
    words = _words(visit)
    buttons = form("", words.button) + form("", words.not_me, quiet=True, value=_DECLINED)
    return whole_page(visit, words.ask, about(visit, words.email) + buttons)


def _done(visit: Visit, back: str) -> str:
    words = _words(visit)
    link = f'<p><a href="{escape(back)}">{escape(words.to_shop)}</a></p>' if back else ""
    return whole_page(visit, words.done, about(visit, words.done_more) + link)


def _declined(visit: Visit) -> str:
    words = _words(visit)
    return whole_page(visit, words.declined, about(visit, words.declined_more))


def _back(one: OptIn, token: str) -> str:
    """Where the form was, by a link that says who opens it."""
    if not one.details.form_url:
        return ""
    parts = urlsplit(one.details.form_url)
    return parts._replace(query="&".join(filter(None, (parts.query, urlencode({VISIT_PARAMETER: token}))))).geturl()
