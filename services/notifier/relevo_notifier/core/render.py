"""From a template and what is known to a subject, a text and an HTML page: Liquid, then MJML.

The template's own texts are plain: what they name is escaped when the layout puts it into HTML. A template that can't
be rendered raises `TemplateError`, which says where; it never takes the service down.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import mrml
import msgspec
from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError
from msgspec import Struct

from relevo_contracts.template import Template, TemplateTexts
from relevo_notifier.core.formats import Formats

SMS_GREATEST = 1600
"""Characters that a concatenated SMS may have (Twilio error 21617)."""


class TemplateError(Exception):
    """A template can't be rendered. `file` and `line` (0: unknown) say where, `why` what is wrong."""

    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(f"{file}:{line}: {why}" if line else f"{file}: {why}")
        self.file = file
        self.line = line
        self.why = why


class Rendered(Struct, frozen=True):
    """A rendered message; an SMS has neither subject nor HTML."""

    subject: str
    text: str
    html: str
    locale: str


class _Liquid(Environment):
    """Liquid with limits, so that no template can run or grow without end."""

    loop_iteration_limit = 10_000
    output_stream_limit = 1_000_000
    context_depth_limit = 20


class Templates:
    """The compiled templates and layouts of one definition, parsed once."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """`files`: a definition's files by path. Raises `TemplateError` if the compiled templates can't be read."""
        path = "compiled/templates.json"
        try:
            self._templates = msgspec.json.decode(files.get(path, "{}"), type=dict[str, Template])
        except msgspec.DecodeError as error:
            raise TemplateError(path, 0, str(error)) from error
        self._files = files
        self._locales: dict[tuple[str, str], _Locale] = {}

    def render(
        self, name: str, context: Mapping[str, Any], wanted: tuple[str, ...], zone: str, unsubscribe_url: str = ""
    ) -> Rendered:
        """The template `name` in the first of the `wanted` locales that it has.

        `context` has `trigger`, `run`, `customer` and `shop`; dates are shown in `zone`. Raises `TemplateError`.
        """
        template = self._templates.get(name)
        if template is None:
            known = ", ".join(sorted(self._templates)) or "none"
            raise TemplateError(f"templates/{name}.yaml", 0, f"this version has no such template; it has {known}")
        try:
            locale = template.locale(*filter(None, wanted))
        except KeyError:
            raise TemplateError(f"templates/{name}.yaml", 0, "the template has no texts in any language") from None
        # Formats follow the customer's own locale where it is a variety of the template's language (es-MX for es).
        exact = next((tag for tag in wanted if tag.split("-")[0] == locale.split("-")[0]), locale)
        return self._in(exact, locale, zone).render(template, context, unsubscribe_url)

    def _in(self, exact: str, locale: str, zone: str) -> "_Locale":
        found = self._locales.get((f"{exact}/{locale}", zone))
        if found is None:
            if len(self._locales) > 200:
                self._locales.clear()
            found = self._locales[f"{exact}/{locale}", zone] = _Locale(self._files, locale, Formats(exact, zone))
        return found


class _Locale:
    """The templates of one definition in one language, with the formats of one locale and zone."""

    def __init__(self, files: Mapping[str, str], locale: str, formats: Formats) -> None:
        self._files = files
        self._locale = locale
        self._formats = formats
        self._plain = _Liquid()
        self._html = _Liquid(autoescape=True)
        for environment in (self._plain, self._html):
            for name, filter_ in formats.filters().items():
                environment.add_filter(name, filter_)
        self._parsed: dict[tuple[str, str], BoundTemplate] = {}
        self._words: dict[str, dict[str, str]] = {}

    def render(self, template: Template, context: Mapping[str, Any], unsubscribe_url: str) -> Rendered:
        texts = self._texts(template, context)
        if template.channel == "sms":
            return Rendered("", _sms(template, texts), "", self._locale)
        page = {
            "text": texts,
            "link": self._link(template, context),
            "items": self._items(template, context),
            "total": self._money(template, _at(context, template.total)),
            "shop": context.get("shop", {}),
            "locale": self._locale,
            "unsubscribe_url": unsubscribe_url,
            "words": self._words_of(template.layout),
        }
        return Rendered(
            subject=str(texts.get("subject", "")),
            text=self._run(self._plain, f"layouts/{template.layout}.txt", self._layout(template, "txt"), page),
            html=self._page(template, page),
            locale=self._locale,
        )

    def _page(self, template: Template, page: Mapping[str, Any]) -> str:
        file = f"layouts/{template.layout}.mjml"
        source = self._run(self._html, file, self._layout(template, "mjml"), page)
        try:
            return str(mrml.to_html(source).content)
        except (OSError, ValueError) as error:
            raise TemplateError(file, 0, f"not MJML once it is filled in: {error}") from error

    def _texts(self, template: Template, context: Mapping[str, Any]) -> TemplateTexts:
        texts: TemplateTexts = {}
        for field, source in template.locales[self._locale].items():
            file = f"templates/{template.name}.yaml ({self._locale}.{field})"
            if isinstance(source, str):
                texts[field] = self._run(self._plain, file, source, context)
            else:
                texts[field] = [self._run(self._plain, file, part, context) for part in source]
        return texts

    def _link(self, template: Template, context: Mapping[str, Any]) -> str:
        file = f"templates/{template.name}.yaml (link)"
        link = self._run(self._plain, file, template.link, context).strip()
        if link and urlsplit(link).scheme not in ("https", "http", "mailto", "tel"):
            raise TemplateError(file, 0, f"the link is no web address: {link[:80]!r}")
        return link

    def _items(self, template: Template, context: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = _at(context, template.items) or []
        if not isinstance(found, list):
            raise TemplateError(f"templates/{template.name}.yaml (items)", 0, f"{template.items} is not a list")
        return [
            {
                "title": item.get("title", ""),
                "variant": item.get("variant", ""),
                "quantity": item.get("quantity", 1),
                "price": self._money(template, item.get("price")),
                "image_url": item.get("image_url", ""),
                "url": item.get("url", ""),
                "sku": item.get("sku", ""),
            }
            for item in found
        ]

    def _money(self, template: Template, value: Any) -> str:
        try:
            return self._formats.money(value)
        except ValueError as error:
            raise TemplateError(f"templates/{template.name}.yaml (total, items)", 0, str(error)) from error

    def _layout(self, template: Template, kind: str) -> str:
        file = f"layouts/{template.layout}.{kind}"
        source = self._files.get(file)
        if source is None:
            raise TemplateError(f"templates/{template.name}.yaml", 0, f"the layout {file} is not in this version")
        return source

    def _words_of(self, layout: str) -> dict[str, str]:
        if layout not in self._words:
            file = f"layouts/{layout}.json"
            try:
                every = msgspec.json.decode(self._files.get(file, "{}"), type=dict[str, dict[str, str]])
            except msgspec.DecodeError as error:
                raise TemplateError(file, 0, str(error)) from error
            tags = (self._locale, self._locale.split("-")[0], "en")
            self._words[layout] = next((every[tag] for tag in tags if tag in every), {})
        return self._words[layout]

    def _run(self, environment: Environment, file: str, source: str, context: Mapping[str, Any]) -> str:
        """`source` filled in with `context`. A text without any Liquid is itself."""
        if "{" not in source:
            return source
        try:
            template = self._parsed.get((file, source))
            if template is None:
                template = self._parsed[file, source] = environment.from_string(source, name=file)
            return template.render(**context)
        except LiquidError as error:
            where = error.context()
            raise TemplateError(file, where[0] if where else 0, str(error.message)) from error
        except (ValueError, TypeError, ArithmeticError) as error:
            raise TemplateError(file, 0, str(error)) from error


def _sms(template: Template, texts: TemplateTexts) -> str:
    text = str(texts.get("text", "")).strip()
    if not text:
        raise TemplateError(f"templates/{template.name}.yaml", 0, "the SMS has no text")
    if len(text) > SMS_GREATEST:
        why = f"the SMS has {len(text)} characters, and {SMS_GREATEST} at most can be sent"
        raise TemplateError(f"templates/{template.name}.yaml", 0, why)
    return text


def _at(context: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path (`trigger.items`); `None` if there is nothing."""
    value: Any = context if path else None
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
