"""MJML to HTML with the Liquid left in it, so that a layout is compiled once and values are filled in afterwards.

MJML never sees a value, nor anything that its compiler spells in its own way (mrml writes attributes with the escapes
of Rust: a no-break space becomes `\\u{a0}`). Each piece of Liquid, entity or character beyond ASCII is a token while
MJML is compiled, and is put back afterwards. A Liquid tag between MJML elements stands in an `mj-raw`, which leaves it
where it is. An attribute that leads somewhere becomes an `address`.
"""

import html
import re
from bisect import bisect
from collections.abc import Iterator
from functools import lru_cache

import mrml
from msgspec import Struct

from relevo_templates.errors import TemplateError

_PIECE = re.compile(
    r"""(?P<liquid>\{%-?\s*(?P<block>comment|raw)\b.*?-?%\}.*?\{%-?\s*end(?P=block)\s*-?%\}|\{%.*?%\}|\{\{.*?\}\})
      | (?P<comment><!--|-->)
      | (?P<open></?[A-Za-z][A-Za-z0-9:.-]*)
      | (?P<close>/?>)
      | (?P<quote>["'])
      | (?P<kept>&(?:\#\w+|\w+);|[^\x20-\x7e\t\r\n]+|\\+)
      | (?P<breaks>[\t\r\n]+)""",
    re.VERBOSE | re.DOTALL,
)
_CONTAINERS = {"mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"}
"""Elements that hold elements and no text: Liquid in them needs an `mj-raw`."""
_KNOWN = _CONTAINERS | {
    *("mj-all", "mj-attributes", "mj-breakpoint", "mj-class", "mj-font", "mj-html-attributes", "mj-html-attribute"),
    *("mj-include", "mj-preview", "mj-selector", "mj-style", "mj-title", "mj-raw", "mj-text", "mj-table", "mj-button"),
    *("mj-divider", "mj-image", "mj-spacer", "mj-accordion", "mj-accordion-element", "mj-accordion-title"),
    *("mj-accordion-text", "mj-carousel", "mj-carousel-image", "mj-navbar", "mj-navbar-link", "mj-social"),
    *("mj-social-element", "mjml"),
}
"""What MJML has; its compiler leaves out all else in silence."""
_ADDRESSES = {"href", "src", "action", "background", "cite", "formaction", "poster"}
"""Attributes of HTML that lead somewhere."""
_CONTENT = re.compile(
    r"""(<(mj-text|mj-table|mj-button|mj-raw)\b(?:[^>"']|"[^"]*"|'[^']*')*(?<!/)>)(.*?)(</\2\s*>)""",
    re.DOTALL | re.IGNORECASE,
)
"""Elements whose content is HTML, of which MJML need not know anything."""
_TABLES = re.compile(r"<!--.*?-->|(?<=>)(?=<(?:table|tbody|tr|td)\b)", re.DOTALL)
"""Comments, and where a line may begin without a trace: before the parts of tables. What is the same in every mail is
then a line of its own, which is encoded for them once."""
_ATTRIBUTE = re.compile(r'(\s([A-Za-z_:][-A-Za-z0-9_:.]*)=")([^"]*)(")')


class Compiled(Struct, frozen=True):
    """A layout as HTML with Liquid in it. `starts` and `places` lead from there back to the source."""

    html: str
    starts: tuple[int, ...]
    places: tuple[int, ...]

    def place(self, index: int) -> int:
        """Where in the source the Liquid stands that is at `index` of the HTML; -1 if that is not known."""
        at = bisect(self.starts, index) - 1
        return self.places[at] if index >= 0 and at >= 0 else -1


@lru_cache(maxsize=64)  # the workflows of a library share their layouts
def compile_mjml(file: str, source: str) -> Compiled:
    """The HTML of a layout. Raises `TemplateError` for what is not MJML, and for Liquid where it can't be kept."""
    tokens = _Tokens(source)
    mjml = tokens.outline()
    for name, index in tokens.unknown:
        raise TemplateError(file, source.count("\n", 0, index) + 1, f"MJML has no element {name}", index)
    try:
        compiled = tokens.with_content(str(mrml.to_html(mjml).content))
    except (OSError, ValueError) as error:
        raise TemplateError(file, tokens.line_of(str(error), mjml), f"not MJML: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what a bug in the compiler (Rust) raises
            raise
        raise TemplateError(file, 0, "not MJML: its compiler fails") from error
    lost = tokens.lost(compiled)
    if lost >= 0:
        why = "MJML leaves this out where it stands: put it into a text or an attribute, or around elements"
        raise TemplateError(file, source.count("\n", 0, lost) + 1, why, lost)
    return tokens.put_back(_with_addresses(_TABLES.sub(lambda found: found[0] or "\n", compiled), tokens))


class _Tokens:
    """What was taken out of a source, each piece with the token that stands for it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._mark = "zq"
        while self._mark in source:
            self._mark += "q"
        self.pattern = re.compile(rf"{self._mark}(\d+)x")
        self._pieces: list[str] = []
        self._places: list[int] = []
        self._contents: list[str] = []
        self._outside: tuple[list[int], list[int]] = ([], [])
        self._elements: list[str] = []
        self.unknown: list[tuple[str, int]] = []
        self._quote = ""
        self._in_tag = self._in_comment = False

    def outline(self) -> str:
        """The source as the compiler gets it."""
        return _CONTENT.sub(self._without_content, _PIECE.sub(self._replaced, self._source)).strip()

    def with_content(self, compiled: str) -> str:
        """The compiled outline with the HTML of its elements back in it, the Liquid still taken out."""
        return re.sub(rf"{self._mark}h(\d+)x", lambda match: self._contents[int(match[1])], compiled)

    def lost(self, compiled: str) -> int:
        """Where the first piece of Liquid stands that the compiler has dropped; -1: none."""
        kept = {int(number) for number in self.pattern.findall(compiled)} | {*self._outside[0], *self._outside[1]}
        missing = (n for n, one in enumerate(self._pieces) if n not in kept and one.startswith("{"))
        return next((self._places[number] for number in missing), -1)

    def put_back(self, compiled: str) -> Compiled:
        """The compiled layout with the pieces back in it."""
        before, after = ("".join(f"{self._mark}{number}x" for number in side) for side in self._outside)
        out, starts, places = "", [], []
        for part, number in self._split(before + compiled + after):
            if number >= 0:
                starts.append(len(out))
                places.append(self._places[number])
            out += part
        return Compiled(out, tuple(starts), tuple(places))

    def unescaped(self, attribute: str) -> str:
        """An attribute's value with the entities in it decoded; its Liquid stays taken out."""
        for match in self.pattern.finditer(attribute):
            self._pieces[int(match[1])] = self._decoded(int(match[1]))
        return html.unescape(attribute)

    def line_of(self, message: str, mjml: str) -> int:
        """The line that an error of the compiler is about (0: unknown), which gives a place in what it was given."""
        found = re.search(r"position (\d+)", message)
        if found is None:
            return 0
        before = self.with_content(mjml[: int(found[1])])
        seen = [int(number) for number in self.pattern.findall(before)]
        return self._source.count("\n", 0, self._places[seen[-1]]) + 1 if seen else 0

    def _decoded(self, number: int) -> str:
        piece = self._pieces[number]
        return html.unescape(piece) if piece.startswith("&") else piece

    def _split(self, text: str) -> Iterator[tuple[str, int]]:
        at = 0
        for match in self.pattern.finditer(text):
            yield text[at : match.start()], -1
            yield self._pieces[int(match[1])], int(match[1])
            at = match.end()
        yield text[at:], -1

    def _replaced(self, match: re.Match[str]) -> str:
        kind, text = str(match.lastgroup if match.lastgroup != "block" else "liquid"), match[0]
        if kind == "liquid":
            return self._liquid(text, match.start())
        if kind == "kept":
            return self._token(text, match.start())
        if kind == "breaks":
            return " " if self._quote else text
        name = text[1:].lower()
        if kind == "open" and name.startswith("mj") and name not in _KNOWN and not self._in_comment:
            self.unknown.append((text[1:], match.start()))
        self._follow(kind, text)
        return text

    def _without_content(self, match: re.Match[str]) -> str:
        self._contents.append(match[3])
        return f"{match[1]}{self._mark}h{len(self._contents) - 1}x{match[4]}"

    def _liquid(self, text: str, start: int) -> str:
        token = self._token(text, start)
        if not self._elements and not self._in_tag and not self._in_comment:
            self._outside[self._seen_root()].append(len(self._pieces) - 1)
            return ""
        between = not self._in_tag and not self._in_comment and self._elements[-1] in _CONTAINERS
        return f"<mj-raw>{token}</mj-raw>" if between and text.startswith("{%") else token

    def _seen_root(self) -> bool:
        return "<mjml" in self._source[: self._places[-1]]

    def _token(self, text: str, start: int) -> str:
        self._pieces.append(text)
        self._places.append(start)
        return f"{self._mark}{len(self._pieces) - 1}x"

    def _follow(self, kind: str, text: str) -> None:
        """Keep in mind where in the XML we are."""
        if kind == "comment":
            self._in_comment = text == "<!--"
        elif self._in_comment:
            return
        elif kind == "quote" and self._in_tag:
            self._quote = "" if self._quote == text else self._quote or text
        elif kind == "open" and not self._in_tag:
            self._in_tag = True
            self._enter(text)
        elif kind == "close" and self._in_tag and not self._quote:
            self._in_tag = False
            if text == "/>" and self._elements and self._last_opened == self._elements[-1]:
                self._elements.pop()

    _last_opened = ""

    def _enter(self, tag: str) -> None:
        name = tag.strip("</").lower()
        self._last_opened = ""
        if not name.startswith("mj"):
            return
        if tag.startswith("</"):
            if name in self._elements:
                while self._elements.pop() != name:
                    continue
        else:
            self._elements.append(name)
            self._last_opened = name


def _with_addresses(compiled: str, tokens: _Tokens) -> str:
    """The HTML with each attribute that leads somewhere, and has Liquid in it, as an `address`."""

    def address(match: re.Match[str]) -> str:
        if match[2].lower() not in _ADDRESSES or not tokens.pattern.search(match[3]):
            return match[0]
        return f"{match[1]}{{% address %}}{tokens.unescaped(match[3])}{{% endaddress %}}{match[4]}"

    return _ATTRIBUTE.sub(address, compiled)
