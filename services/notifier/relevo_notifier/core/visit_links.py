"""Links to the shop's own pages that say whose mail they stood in, so that the browser that opens one is known."""

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import urlsplit

from relevo_contracts.storefront import VISIT_PARAMETER

IsOwn = Callable[[str], bool]
"""Whether an address leads to a page of the shop."""
_HTML_LINK = re.compile(r"(<a\b[^>]*?\shref=)([\"'])(https?://[^\"'<>]+)\2", re.IGNORECASE)
_TEXT_LINK = re.compile(r"https?://[^\s<>\"'\\\[\](){}|^`]+", re.IGNORECASE)
_CLOSING = ".,;:!?*_~"
"""What ends a sentence or an emphasis after an address, and no address."""
_LOCAL = ("127.0.0.1", "localhost")


def in_html(html: str, is_own: IsOwn, token: str) -> str:
    """`html` with the token in each link to an own page; nothing else of it changes."""

    def marked(found: re.Match[str]) -> str:
        url = unescape(found[3])
        return f"{found[1]}{found[2]}{escape(with_token(url, token))}{found[2]}" if is_own(url) else found[0]

    return _HTML_LINK.sub(marked, html)


def in_text(text: str, is_own: IsOwn, token: str) -> str:
    """`text` with the token in each address of an own page; nothing else of it changes."""

    def marked(found: re.Match[str]) -> str:
        url = found[0].rstrip(_CLOSING)
        return with_token(url, token) + found[0][len(url) :] if is_own(url) else found[0]

    return _TEXT_LINK.sub(marked, text)


def with_token(url: str, token: str) -> str:
    """`url` with the token as its last parameter; as it is if it has one already, also an empty one."""
    address, hash_sign, fragment = url.partition("#")
    path, _, query = address.partition("?")
    if any(pair.partition("=")[0] == VISIT_PARAMETER for pair in query.split("&")):
        return url
    pairs = [*([query] if query else []), f"{VISIT_PARAMETER}={token}"]
    return f"{path}?{'&'.join(pairs)}{hash_sign}{fragment}"


def own_host(url: str) -> str:
    """The host to which the token may go, in lower case; empty if none: it is secret, and so goes by HTTPS alone."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if parts.username is not None or "\\" in url:  # browsers and we might not agree on whose address it is
        return ""
    return host if parts.scheme.lower() == "https" or host in _LOCAL else ""
