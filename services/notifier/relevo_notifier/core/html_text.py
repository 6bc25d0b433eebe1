"""What a mail in HTML says, as plain text, without what it quotes. Pure."""

from html.parser import HTMLParser

_HIDDEN = frozenset(("script", "style", "head", "title", "template"))
_BLOCKS = frozenset(("p", "div", "br", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr"))
_QUOTES = frozenset(("gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote"))
"""Classes by which mail programs mark what they quote."""
_QUOTE_IDS = frozenset(("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"))
"""Ids of the same by Outlook: all that follows is quoted."""
_EMPTY = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))
_LARGEST = 1_000_000


def text_of_html(html: str) -> str:
    """The text. Any text is read; what is malformed is read as far as it goes."""
    reading = _Reading()
    reading.feed(html[:_LARGEST])
    reading.close()
    return "\n".join(" ".join(line.split()) for line in "".join(reading.found).split("\n")).strip()


class _Reading(HTMLParser):
    """Collects the text outside of what is hidden or quoted."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._within: list[str] = []
        self._over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        given = {name: (value or "").lower() for name, value in attrs}
        self._over = self._over or given.get("id", "") in _QUOTE_IDS
        if self._within:
            if tag not in _EMPTY:
                self._within.append(tag)
            return
        quoted = tag == "blockquote" or not _QUOTES.isdisjoint(given.get("class", "").split())
        if (tag in _HIDDEN or quoted) and tag not in _EMPTY:
            self._within.append(tag)
        elif tag in _BLOCKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it those within it that were left open."""
        if tag in self._within:
            while self._within.pop() != tag:
                pass
        elif not self._within and tag in _BLOCKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._within and not self._over:
            self.found.append(data.replace("\n", " ").replace("\r", " "))
