"""What programs and people see of the box over HTTP."""

from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from relevo_sandbox.box import Box, Message
from relevo_sandbox.faults import FaultInjector, Faults

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
iframe { width: 100%; height: 52rem; border: 1px solid #8886; border-radius: 6px; background: #fff; }
pre { white-space: pre-wrap; border: 1px solid #8886; border-radius: 6px; padding: 1rem; }
.quiet { opacity: .7; }
"""


class Pages:
    """The routes over a box."""

    def __init__(self, box: Box, fault_injector: FaultInjector) -> None:
        self._box = box
        self._fault_injector = fault_injector

    def routes(self) -> list[Route]:
        """Where they are served."""
        return [
            Route("/", self.overview),
            Route("/counts", self.counts),
            Route("/messages", self.messages),
            Route("/stream", self.stream),
            Route("/mail/{number:int}", self.mail),
            Route("/mail/{number:int}/html", self.mail_html),
            Route("/mail/{number:int}/source", self.mail_source),
            Route("/faults", self.faults, methods=["GET", "PUT"]),
        ]

    async def counts(self, _request: Request) -> Response:
        """`Counts` as JSON."""
        return _json(self._box.counts())

    async def messages(self, request: Request) -> Response:
        """`?since=N&limit=M`: the messages with a number above N, in order of arrival."""
        query = request.query_params
        return _json(self._box.messages(int(query.get("since", 0)), int(query.get("limit", 1000))))

    async def stream(self, request: Request) -> Response:
        """`?since=N`: one message a line (NDJSON), for as long as the reader listens."""
        since = int(request.query_params.get("since", 0))

        async def lines() -> AsyncIterator[bytes]:
            at = since
            while True:
                await self._box.arrival(at)
                some = self._box.messages(at, 500)
                at += len(some)
                yield b"".join(msgspec.json.encode(message) + b"\n" for message in some)

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def faults(self, request: Request) -> Response:
        """GET: the failures being played. PUT: play these from now on."""
        if request.method == "PUT":
            try:
                self._fault_injector.set(msgspec.json.decode(await request.body(), type=Faults))
            except msgspec.DecodeError as error:
                return Response(f"not a set of faults: {error}\n", status_code=422)
        return _json(self._fault_injector.faults)

    async def overview(self, _request: Request) -> Response:
        """The newest messages, for a person."""
        newest = self._box.messages(max(0, len(self._box.messages(0, 1 << 60)) - 500), 500)[::-1]
        counts = self._box.counts()
        rows = "".join(_row(message) for message in newest)
        return _page(
            "Sandbox",
            f"<h1>Sandbox</h1><p>{counts.emails} e-mails, {counts.sms} SMS, {counts.duplicates} duplicates. "
            f"<span class=quiet>Files: {escape(str(self._box.folder))}</span></p>"
            f"<table><tr><th>#<th>Date<th>To<th>Message</tr>{rows}</table>",
        )

    async def mail(self, request: Request) -> Response:
        """One mail: its headers, how it looks (in a sandboxed frame: no script runs) and its plain text."""
        number = request.path_params["number"]
        mail = self._parsed(number)
        if mail is None:
            return Response("no such mail\n", status_code=404)
        head = "".join(f"<tr><th>{escape(name)}<td>{escape(str(value))}</tr>" for name, value in mail.items())
        plain = mail.get_body(("plain",))
        text = escape(plain.get_content()) if plain is not None else ""
        return _page(
            str(mail["subject"]),
            f"<p><a href='/'>All messages</a> · <a href='/mail/{number}/source'>Source</a></p>"
            f"<h1>{escape(str(mail['subject']))}</h1>"
            f"<iframe sandbox src='/mail/{number}/html'></iframe>"
            f"<h2>Plain text</h2><pre>{text}</pre><h2>Headers</h2><table>{head}</table>",
        )

    async def mail_html(self, request: Request) -> Response:
        """The HTML part alone, with a policy that lets nothing run."""
        mail = self._parsed(request.path_params["number"])
        part = mail.get_body(("html",)) if mail is not None else None
        if part is None:
            return Response("no HTML part\n", status_code=404)
        return HTMLResponse(part.get_content(), headers={"Content-Security-Policy": "sandbox; script-src 'none'"})

    async def mail_source(self, request: Request) -> Response:
        """The mail as it came over the wire."""
        content = self._box.mail(request.path_params["number"])
        return Response(content or b"no such mail\n", status_code=200 if content else 404, media_type="text/plain")

    def _parsed(self, number: int) -> EmailMessage | None:
        content = self._box.mail(number)
        return message_from_bytes(content, policy=policy.default) if content is not None else None


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _page(title: str, body: str) -> Response:
    return HTMLResponse(
        f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>{body}"
    )


def _row(message: Message) -> str:
    what = (
        f"<a href='/mail/{message.number}'>{escape(message.subject or '(no subject)')}</a>"
        if message.kind == "email"
        else escape(message.text)
    )
    return (
        f"<tr><td>{message.number}<td class=quiet>{escape(message.date)}<td>{escape(message.to)}"
        f"<td>{what}<br><small class=quiet>{escape(message.effect)}</small></tr>"
    )
