"""What signed links do: the unsubscribe page, and the button that takes it back. Only a POST changes anything."""

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from relevo_ingest.app.ports import KnownShop, ShopCatalog
from relevo_ingest.app.say_consent import ConsentDependencies
from relevo_ingest.app.unsubscribe import UNDONE_WITHIN, undo, unsubscribe
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.preferences import FollowedLink
from relevo_ingest.entrypoints import pages
from relevo_ingest.entrypoints.link_requests import asked_language, bad_link, busy, link_of, page_response, shop_of
from relevo_ingest.entrypoints.pages import Visit
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import Undo, Unsubscribe, token_of


class LinkPages(Struct, frozen=True):
    """The endpoints below `/u/`. They use no cookie and no redirect, and take any body."""

    settings: IngestSettings
    shops: ShopCatalog
    consents: ConsentDependencies
    clock: Clock

    async def show(self, request: Request) -> Response:
        """`GET /u/{token}`: a page with a button. Gateways open every link of a mail, so opening changes nothing."""
        match self._link(request):
            case Unsubscribe() as link:
                return page_response(pages.confirmation(await self._visit(request, link)))
            case Undo() as link:
                visit = await self._visit(request, link.of)
                return page_response(
                    pages.too_late(visit) if self._late(link) else pages.done(visit, self._token(link))
                )
            case None:
                return bad_link(request)

    async def follow(self, request: Request) -> Response:
        """`POST /u/{token}`: RFC 8058's one click and the page's buttons."""
        link = self._link(request)
        if link is None:
            return bad_link(request)
        of = link.of if isinstance(link, Undo) else link
        visit = await self._visit(request, of)
        try:
            await self._check_served(of.shop)
            done = self._undo(visit, link) if isinstance(link, Undo) else self._unsubscribe(visit, link)
            return page_response(await done)
        except Busy:
            return busy(visit, self.settings)

    async def _unsubscribe(self, visit: Visit, link: Unsubscribe) -> str:
        received = self.clock.now()
        await unsubscribe(self.consents, _followed(link), received)
        return pages.done(visit, self._token(Undo(link, received)))

    async def _undo(self, visit: Visit, link: Undo) -> str:
        if self._late(link):
            return pages.too_late(visit)
        await undo(self.consents, _followed(link.of), at=link.at, received=self.clock.now())
        return pages.undone(visit, self._token(link.of))

    def _late(self, link: Undo) -> bool:
        return self.clock.now() - link.at > UNDONE_WITHIN

    def _link(self, request: Request) -> Unsubscribe | Undo | None:
        link = link_of(request, self.settings)
        return link if isinstance(link, Unsubscribe | Undo) else None

    def _token(self, link: Unsubscribe | Undo) -> str:
        return token_of(self.settings.link_secret.get_secret_value(), link)

    async def _visit(self, request: Request, link: Unsubscribe) -> Visit:
        """Whom the page is about; where the catalog can't be read, the shop is called as the link calls it."""
        shop = await self._shop(link.shop)
        language = asked_language(request, shop.locale if shop else "")
        return Visit(language, (shop.name if shop else "") or link.shop, link.channel, link.address)

    async def _check_served(self, name: str) -> None:
        """Raises `Busy` if the shop is held: it is being moved to another cell, or is there by now."""
        shop = await self._shop(name)
        if shop is not None and shop.held:
            raise Busy(shop.held)

    async def _shop(self, name: str) -> KnownShop | None:
        try:
            return await shop_of(self.shops, name)
        except Busy:
            return None


def _followed(link: Unsubscribe) -> FollowedLink:
    return FollowedLink(shop=link.shop, key=link.key, channel=link.channel, address=link.address)
