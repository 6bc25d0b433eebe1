"""From a template and what is known to a message: its subject, its text and its HTML, in the recipient's language."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.template import Template
from relevo_templates.addresses import web_address
from relevo_templates.errors import TemplateError
from relevo_templates.formats import Formats, formats_of
from relevo_templates.items import at, item_rows, money_or_nothing, sum_rows, total_discount_covers_items
from relevo_templates.layouts import Layout
from relevo_templates.locales import best_locale, formats_locale
from relevo_templates.texts import Text

SMS_GREATEST = 1600
"""Characters that a concatenated SMS may have (Twilio error 21617); a longer one is shortened."""
COMPILED = "compiled/templates.json"
"""The file in which a definition keeps its templates in compiled form."""


class Rendered(Struct, frozen=True):
    """A rendered message; an SMS has neither subject nor HTML. `notes` say what was left out of it, and why."""

    subject: str
    text: str
    html: str
    locale: str
    notes: tuple[str, ...] = ()


class Templates:
    """The templates and layouts of one definition, each parsed at its first use."""

    def __init__(self, templates: Mapping[str, Template], files: Mapping[str, str]) -> None:
        """`files`: those of the definition by path, of which the layouts are read."""
        self._templates = templates
        self._files = files
        self._layouts: dict[str, Layout] = {}
        self._texts: dict[tuple[str, str], dict[str, Text | list[Text]]] = {}
        self._links: dict[str, Text] = {}

    @classmethod
    def of_files(cls, files: Mapping[str, str]) -> "Templates":
        """Those that a deployment has compiled. Raises `TemplateError` if they can't be read."""
        try:
            return cls(msgspec.json.decode(files.get(COMPILED, "{}"), type=dict[str, Template]), files)
        except msgspec.DecodeError as error:
            raise TemplateError(COMPILED, 0, str(error)) from error

    def render(
        self, name: str, context: Mapping[str, Any], wanted: Sequence[str], zone: str, unsubscribe_url: str = ""
    ) -> Rendered:
        """The template `name` in the language that serves the first of the `wanted` locales best.

        `context` has `trigger`, `run`, `customer` and `shop`; dates are shown in `zone`. Raises `TemplateError`.
        """
        template = self._template(name)
        try:
            return self._rendered(template, context, tuple(filter(None, wanted)), zone, unsubscribe_url)
        except TemplateError:
            raise
        except Exception as error:
            raise TemplateError(f"templates/{name}.yaml", 0, f"{type(error).__name__}: {str(error)[:200]}") from error

    def _rendered(
        self, template: Template, context: Mapping[str, Any], wanted: tuple[str, ...], zone: str, unsubscribe_url: str
    ) -> Rendered:
        if not template.locales:
            raise TemplateError(f"templates/{template.name}.yaml", 0, "the template has no texts in any language")
        locale = best_locale(wanted, template.locales)
        formats = formats_of(formats_locale(locale, wanted), zone)
        texts = self._filled(template, locale, context, formats)
        if template.channel == "sms":
            return _sms(template, str(texts.get("text", "")), locale)
        return self._mail(template, (locale, formats), texts, context, unsubscribe_url)

    def _mail(
        self,
        template: Template,
        language: tuple[str, Formats],
        texts: dict[str, str | list[str]],
        context: Mapping[str, Any],
        unsubscribe_url: str,
    ) -> Rendered:
        locale, formats = language
        layout = self._layout(template)
        link, notes = self._link(template, context, formats)
        found = at(context, template.items)
        told_below = total_discount_covers_items(context, template.total, found)
        items, left_out = item_rows(found, formats, before_discounts=told_below)
        page = {
            "text": texts,
            "link": link,
            "items": items,
            "sums": sum_rows(context, template.total, formats),
            "total": money_or_nothing(at(context, template.total), formats),
            "shop": context.get("shop", {}),
            "locale": locale,
            "unsubscribe_url": unsubscribe_url,
            "words": layout.words(locale),
        }
        return Rendered(
            subject=" ".join(str(texts.get("subject", "")).split()),
            text=layout.text(page, formats),
            html=layout.html(page, formats),
            locale=locale,
            notes=(*notes, *left_out),
        )

    def _template(self, name: str) -> Template:
        template = self._templates.get(name)
        if template is None:
            known = ", ".join(sorted(self._templates)) or "none"
            raise TemplateError(f"templates/{name}.yaml", 0, f"this version has no such template; it has {known}")
        return template

    def _layout(self, template: Template) -> Layout:
        if template.layout not in self._layouts:
            self._layouts[template.layout] = Layout(template.layout, self._files)
        return self._layouts[template.layout]

    def _filled(
        self, template: Template, locale: str, context: Mapping[str, Any], formats: Formats
    ) -> dict[str, str | list[str]]:
        """The template's own texts in one language."""
        parsed = self._texts.get((template.name, locale))
        if parsed is None:
            parsed = self._texts[template.name, locale] = _parsed(template, locale)
        return {
            field: [part.render(context, formats) for part in text]
            if isinstance(text, list)
            else text.render(context, formats)
            for field, text in parsed.items()
        }

    def _link(self, template: Template, context: Mapping[str, Any], formats: Formats) -> tuple[str, tuple[str, ...]]:
        """Where the button leads; empty, with a note, if that is not a web address: the mail is of use without it."""
        parsed = self._links.get(template.name)
        if parsed is None:
            file = f"templates/{template.name}.yaml (link)"
            parsed = self._links[template.name] = Text(template.link, file=file, into="address")
        written = parsed.render(context, formats)
        link = web_address(written)
        if written and not link:
            return "", (f"the link is not a web address, so the button was left out: {written[:80]!r}",)
        return link, ()


def _parsed(template: Template, locale: str) -> dict[str, Text | list[Text]]:
    """The texts of one language; a `code` for all languages counts where a language has none of its own."""
    texts = template.locales[locale]
    if template.code and "code" not in texts:
        texts = {**texts, "code": template.code}
    found: dict[str, Text | list[Text]] = {}
    for field, source in texts.items():
        file = f"templates/{template.name}.yaml ({locale}.{field})"
        if isinstance(source, str):
            found[field] = Text(source, file=file)
        else:
            found[field] = [Text(part, file=file) for part in source]
    return found


def _sms(template: Template, text: str, locale: str) -> Rendered:
    text = text.strip()
    if not text:
        raise TemplateError(f"templates/{template.name}.yaml", 0, "the SMS has no text")
    if len(text) <= SMS_GREATEST:
        return Rendered("", text, "", locale)
    note = f"the SMS had {len(text)} characters and was shortened: {SMS_GREATEST} at most can be sent"
    return Rendered("", shortened(text), "", locale, (note,))


def shortened(text: str, greatest: int = SMS_GREATEST) -> str:
    """The words of `text` that fit, with `…` for the rest."""
    if len(text) <= greatest:
        return text
    kept = text[: greatest - 1]
    whole = kept[: kept.rfind(" ")] if " " in kept[greatest // 2 :] and text[greatest - 1] != " " else kept
    return f"{whole.rstrip(' ,;:')}…"
