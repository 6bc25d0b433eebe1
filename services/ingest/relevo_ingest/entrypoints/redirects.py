"""The links of messages that lead on, and the picture that says that one was opened.

A link leads where its token says, and to nowhere else; nobody can make another token. It leads there also if nothing
can be recorded: neither Kafka nor the database is asked before the answer.
"""

import base64
from datetime import UTC, datetime

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_contracts.sending import Sent
from relevo_contracts.storefront import with_visit
from relevo_ingest.app.record_hits import HitRecorder
from relevo_ingest.core.link_hits import Action, Hit, Machine, machine_behind
from relevo_ingest.entrypoints.link_requests import bad_link, link_of
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import Opening, Redirect, Visit, token_of

_NOT_KEPT = {"Cache-Control": "no-store, max-age=0", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A GIF of one transparent pixel."""


class LinkRedirects(Struct, frozen=True):
    """The endpoints below `/l/` and `/o/`. Nothing is changed by them; what is recorded is that somebody was there."""

    settings: IngestSettings
    recorder: HitRecorder
    clock: Clock

    def routes(self) -> list[Route]:
        """Their routes. A HEAD is answered as a GET is."""
        return [
            Route("/l/{token}", self.follow, methods=["GET", "HEAD"]),
            Route("/o/{token}", self.show, methods=["GET", "HEAD"]),
        ]

    async def follow(self, request: Request) -> Response:
        """`GET /l/{token}`: on to the page that the link names."""
        link = link_of(request, self.settings)
        if not isinstance(link, Redirect) or not _leads_somewhere(link.url):
            return bad_link(request)
        machine = self._note(request, link.of, "clicked", link)
        target = link.url
        if link.visit and not machine:
            target = with_visit(target, self._proof(link.of))
        return Response(status_code=302, headers={**_NOT_KEPT, "Location": target})

    async def show(self, request: Request) -> Response:
        """`GET /o/{token}`: one pixel, whatever the token says."""
        link = link_of(request, self.settings)
        if isinstance(link, Opening):
            self._note(request, link.of, "opened")
        return Response(_PIXEL, media_type="image/gif", headers=_NOT_KEPT)

    def _note(self, request: Request, of: Sent, action: Action, link: Redirect | None = None) -> Machine:
        now = self.clock.now()
        after = self.clock.wall(now - datetime.fromtimestamp(of.at, UTC))
        machine = machine_behind(request.method, request.headers, action, after)
        number, url = (link.number, link.url) if link is not None else (0, "")
        self.recorder.note(Hit(of=of, action=action, at=now, number=number, url=url, machine=machine))
        return machine

    def _proof(self, of: Sent) -> str:
        visit = Visit(of.shop, of.key, datetime.fromtimestamp(of.at, UTC))
        return token_of(self.settings.link_secret.get_secret_value(), visit)


def _leads_somewhere(url: str) -> bool:
    """Whether it is an address of the web that a header can hold."""
    return url.startswith(("https://", "http://")) and url.isascii() and url.isprintable() and " " not in url
