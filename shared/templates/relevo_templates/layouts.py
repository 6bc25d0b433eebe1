"""The layouts of one definition: MJML and plain text, compiled once, with their own words in each language."""

from collections.abc import Mapping
from typing import Any

import msgspec

from relevo_templates.errors import TemplateError
from relevo_templates.formats import Formats
from relevo_templates.locales import best_locale
from relevo_templates.mjml import compile_mjml
from relevo_templates.texts import Text

PAGE = (
    "text",
    "link",
    "items",
    "sums",
    "total",
    "blocks",
    "shop",
    "locale",
    "direction",
    "start",
    "end",
    "unsubscribe_url",
    "preferences_url",
    "survey",
    "words",
)
"""The variables that a layout has."""
SIDES: dict[str, dict[str, str]] = {
    "ltr": {"direction": "ltr", "start": "left", "end": "right"},
    "rtl": {"direction": "rtl", "start": "right", "end": "left"},
}
"""The sides at which lines start and end, by the direction of a language: variables that a layout has."""
LayoutWords = dict[str, dict[str, str]]


class Layout:
    """`layouts/<name>.mjml` and `.txt`. Raises `TemplateError` for what can't be compiled."""

    def __init__(self, name: str, files: Mapping[str, str]) -> None:
        self._file = f"layouts/{name}.mjml"
        self._compiled = compile_mjml(self._file, _source(self._file, files))
        self._html = {"ltr": self._html_of("ltr")}
        text = f"layouts/{name}.txt"
        self._text = Text(_source(text, files), file=text)
        self._words = _words(f"layouts/{name}.json", files)
        self._mjml = files[self._file]

    def html(self, page: Mapping[str, Any], formats: Formats) -> str:
        """The HTML of a page. Raises `TemplateError` with the place in the MJML."""
        try:
            return self._turned(page["direction"]).render(page, formats)
        except TemplateError as error:
            place = self._compiled.place(error.index)
            line = self._mjml.count("\n", 0, place) + 1 if place >= 0 else 0
            raise TemplateError(self._file, line, error.why, place) from error

    def text(self, page: Mapping[str, Any], formats: Formats) -> str:
        """The plain text of a page. Raises `TemplateError`."""
        return self._text.render(page, formats)

    def _turned(self, direction: str) -> Text:
        if direction not in self._html:
            self._html[direction] = self._html_of(direction)
        return self._html[direction]

    def _html_of(self, direction: str) -> Text:
        return Text(self._compiled.html, file=self._file, into="html", known=SIDES[direction])

    def words(self, locale: str) -> dict[str, str]:
        """The layout's own words in the language that is nearest to `locale`."""
        return self._words[best_locale((locale,), self._words)] if self._words else {}


def _source(file: str, files: Mapping[str, str]) -> str:
    if file not in files:
        raise TemplateError(file, 0, "this layout is not in this version: add the file")
    return files[file]


def _words(file: str, files: Mapping[str, str]) -> LayoutWords:
    try:
        return msgspec.json.decode(files.get(file, "{}"), type=LayoutWords)
    except msgspec.DecodeError as error:
        raise TemplateError(file, 0, str(error)) from error
