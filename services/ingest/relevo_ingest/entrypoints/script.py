"""`GET /relevo.js`: the script for the pages of shops; `/relevo-forms.js`: their forms; `/relevo-push.js`: a worker."""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib.resources import files

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MAX_AGE = 3600
_WORDS = "/*WORDS*/{}"


class Script(Struct, frozen=True):
    """A script as it is served: without comments and indentation, which only its readers need."""

    plain: bytes
    zipped: bytes
    tag: str


@lru_cache
def script(name: str) -> Script:
    """The script `relevo.js`, `forms.js` or `push.js`."""
    folder = files("relevo_ingest.entrypoints.browser")
    texts = msgspec.json.encode(msgspec.json.decode((folder / "form_texts.json").read_bytes())).decode()
    plain = _without_comments((folder / name).read_text()).replace(_WORDS, texts).encode()
    tag = hashlib.sha256(plain).hexdigest()[:32]
    return Script(plain, gzip.compress(plain, mtime=0), f'"{tag}"')


def _without_comments(source: str) -> str:
    notice, _, code = source.partition("*/")
    lines = (re.sub(r"\s// .*$", "", line).strip() for line in code.splitlines())
    return f"{notice}*/\n" + "\n".join(line for line in lines if line and not line.startswith("// "))


def _serve(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        one = script(name)
        headers = {
            "ETag": one.tag,
            "Vary": "Accept-Encoding",
            "Cache-Control": f"public, max-age={_MAX_AGE}, stale-while-revalidate={24 * _MAX_AGE}",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Access-Control-Allow-Origin": "*",  # for integrity attributes; it has no secrets
            "X-Content-Type-Options": "nosniff",
        }
        if one.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        body = one.zipped if zipped else one.plain
        encoding = {"Content-Encoding": "gzip"} if zipped else {}
        return Response(body, media_type="text/javascript; charset=utf-8", headers=headers | encoding)

    return serve


def script_routes() -> list[Route]:
    """The routes."""
    names = {"/relevo.js": "relevo.js", "/relevo-forms.js": "forms.js", "/relevo-push.js": "push.js"}
    return [Route(path, _serve(name), methods=["GET"]) for path, name in names.items()]
