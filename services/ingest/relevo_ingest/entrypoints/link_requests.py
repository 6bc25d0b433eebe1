"""What all pages behind signed links do alike: what the link stands for, whose shop it is, what the form says, and the
answers where there is nothing to show.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from relevo_ingest.app.ports import KnownShop, ShopCatalog
from relevo_ingest.entrypoints import pages
from relevo_ingest.entrypoints.bodies import read_body
from relevo_ingest.entrypoints.pages import Visit, language_of
from relevo_ingest.settings import IngestSettings
from relevo_runtime.links import BadToken, Link, read_token

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # What a frame or a base may do falls under no default.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
}


def link_of(request: Request, settings: IngestSettings) -> Link | None:
    """What the token of the address stands for; `None` if it is not ours."""
    try:
        return read_token(settings.link_secret.get_secret_value(), request.path_params["token"])
    except BadToken:
        return None


async def shop_of(shops: ShopCatalog, name: str) -> KnownShop | None:
    """The shop, also one that was added just now. Raises `Busy`."""
    shop = await shops.get(name)
    if shop is None and await shops.changed():
        shop = await shops.get(name)
    return shop


async def body_of(request: Request, settings: IngestSettings, limit: int) -> bytes:
    """The body of at most `limit` bytes. Raises `Problem`."""
    return await read_body(request.receive, request.headers, limit=limit, seconds=settings.ingest_body_timeout)


def asked_language(request: Request, shop_locale: str = "") -> str:
    """The language that the browser asks for, of those that the pages speak; else the shop's."""
    return language_of(request.headers.get("accept-language", ""), shop_locale)


def bad_link(request: Request) -> Response:
    """The link is not one of ours."""
    return page_response(pages.bad_link(Visit(asked_language(request))), 404)


def busy(visit: Visit, settings: IngestSettings) -> Response:
    """It can't be done now, and nothing was."""
    return page_response(pages.busy(visit), 503, **{"Retry-After": str(settings.ingest_retry_after)})


def page_response(html: str, status: int = 200, **headers: str) -> Response:
    """A page that nobody else may keep or embed, and that says nothing of where its visitor was."""
    return HTMLResponse(html, status, _HEADERS | headers)
