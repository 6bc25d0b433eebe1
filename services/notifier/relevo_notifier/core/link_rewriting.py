"""The links of a mail and what may stand in their place: found without reading all of the mail, changed alone. Pure.

Sources: HTML, section 13.1.2.3 (attributes) and 13.5 (an attribute may have `&copy=` in it, which stays).
"""

import re
from collections.abc import Callable
from html import escape, unescape
from html.entities import html5
from urllib.parse import urlsplit

Rewrite = Callable[[str], str]
"""What stands in the place of an address; the same if it stays."""

_TAG = re.compile(r"<a(?:rea)?(?=[\s/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"[\s/]+([^\s\"'<>/=]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"'=<>`]+)))?"
)
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]*;?)(?!=)")
_TEXT_LINK = re.compile(r"https?://[^\s<>\"\\{}|^`]+", re.IGNORECASE)
_CUT = "\\{}|^`"
"""Characters that no address has: what goes on behind one of them may or may not be a link for whoever shows it."""
_CLOSING = ".,;:!?*~'"
"""What ends a sentence or an emphasis after an address, and no address. A token survives any of them, were it taken for
its end; an underscore would be a part of it.
"""
_BRACKETS = {")": "(", "]": "["}
_USUAL_HOST = re.compile(r"https?://([a-z0-9.-]+)(?::[0-9]+)?(?=[/?#]|\Z)")
_LOCAL = ("127.0.0.1", "localhost")


def in_html(html: str, rewrite: Rewrite) -> str:
    """`html` with other addresses in its links; nothing else of it changes."""
    pieces: list[str] = []
    done = 0
    for tag in _TAG.finditer(html):
        found = _address(html, tag.end())
        if found is None:
            continue
        value, begin, end = found
        url = _attribute_text(value).strip()
        changed = rewrite(url)
        if changed != url:
            pieces += (html[done:begin], f'"{escape(changed)}"')
            done = end
    return "".join((*pieces, html[done:])) if pieces else html


def in_text(text: str, rewrite: Rewrite) -> str:
    """`text` with other addresses in the place of those in it; nothing else of it changes."""

    def changed(found: re.Match[str]) -> str:
        if text[found.end() : found.end() + 1] in _CUT and found.end() < len(text):
            return found[0]
        url = _without_closing(found[0])
        return rewrite(url) + found[0][len(url) :]

    return _TEXT_LINK.sub(changed, text) if "://" in text else text


def own_host(url: str) -> str:
    """The host to which a proof may go, in lower case; empty if none: it is secret, and so goes by HTTPS alone."""
    host = host_of(url)
    return host if url[:6].lower() == "https:" or host in _LOCAL else ""


def host_of(url: str) -> str:
    """The host of an address, in lower case; empty if browsers and we might not agree on whose address it is."""
    if "\\" not in url and (found := _USUAL_HOST.match(url)) is not None:
        return found[1]
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    return "" if parts.username is not None or "\\" in url else host


def _address(html: str, at: int) -> tuple[str, int, int] | None:
    """The value of `href` in the tag whose name ends at `at`, and from where to where it stands, with its quotes."""
    while (found := _ATTRIBUTE.match(html, at)) is not None:
        at = found.end()
        if found[1].lower() == "href" and (kind := found.lastgroup) is not None:
            quotes = int(kind != "bare")
            return found[kind], found.start(kind) - quotes, found.end(kind) + quotes
    return None


def _attribute_text(value: str) -> str:
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(found: re.Match[str]) -> str:
    name = found[0][1:]
    return unescape(found[0]) if name.startswith("#") or name in html5 else found[0]


def _without_closing(url: str) -> str:
    """A text's address without what ends the sentence; a bracket that was opened in the address belongs to it."""
    while url:
        last = url[-1]
        opened = _BRACKETS.get(last)
        if last not in _CLOSING and (opened is None or url.count(opened) >= url.count(last)):
            break
        url = url[:-1]
    return url
