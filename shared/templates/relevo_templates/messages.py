"""From a template and what is known to a message: its subject, its text and its HTML, in the recipient's language."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.content import Block
from relevo_contracts.surveys import Survey
from relevo_contracts.template import Approved, Template, TemplateLinks
from relevo_templates.addresses import web_address
from relevo_templates.approved import ApprovedTexts
from relevo_templates.blocks import COMPILED_BLOCKS, Occasion, block_row, categories_of, chosen
from relevo_templates.errors import TemplateError
from relevo_templates.formats import Formats, formats_of
from relevo_templates.items import at, item_rows, money_or_nothing, sum_rows, total_discount_covers_items
from relevo_templates.layouts import SIDES, Layout
from relevo_templates.locales import best_locale, direction, formats_locale
from relevo_templates.surveys import asking, survey_view
from relevo_templates.texts import Text, shortened

SMS_GREATEST = 1600
"""Characters that a concatenated SMS may have (Twilio error 21617); a longer one is shortened."""
TITLE_GREATEST = 200
"""Characters of the title of a push message."""
PUSH_GREATEST = 1000
"""Bytes of the text of a push message: no browser shows as much, and with title and link it stays within 4,096."""
REPLY_GREATEST = 4096
"""Characters of a text by WhatsApp that is not an approved one; a longer one is shortened."""
COMPILED = "compiled/templates.json"
"""The file in which a definition keeps its templates in compiled form."""


class Rendered(Struct, frozen=True):
    """A rendered message; only a mail has a subject and HTML. `notes` say what was left out of it, and why.

    By WhatsApp it is `approved`, filled in, with `text` as it is read; `reply` is what may be said instead while the
    customer service window is open. A push message has a title as its subject, and leads to `link`.
    `links` is what its template says of how they go out; `blocks` the entries of content that it
    shows, as `block/entry`.
    """

    subject: str
    text: str
    html: str
    locale: str
    notes: tuple[str, ...] = ()
    approved: Approved | None = None
    reply: str = ""
    link: str = ""
    links: TemplateLinks = TemplateLinks()
    blocks: tuple[str, ...] = ()


class Letter(Struct, frozen=True):
    """The texts of a mail without its layout: for where another shape is given to them. Empty: there is none."""

    subject: str
    body: tuple[str, ...]
    button: str
    link: str
    locale: str


class OwnLinks(Struct, frozen=True):
    """The links of a mail that Relevo signs: to leave marketing, to choose what one gets, to answer what its template
    asks; empty: it has none.
    """

    unsubscribe_url: str = ""
    preferences_url: str = ""
    survey_url: str = ""


NO_LINKS = OwnLinks()


class Templates:
    """The templates and layouts of one definition, each parsed at its first use."""

    def __init__(
        self, templates: Mapping[str, Template], files: Mapping[str, str], blocks: Mapping[str, Block] | None = None
    ) -> None:
        """`files`: those of the definition by path, of which the layouts are read; `blocks`: its content by name."""
        self.blocks = blocks or {}
        self._templates = templates
        self._files = files
        self._layouts: dict[str, Layout] = {}
        self._texts: dict[tuple[str, str], dict[str, Text | list[Text]]] = {}
        self._links: dict[str, Text] = {}
        self._categories: dict[tuple[str, int], Text] = {}
        self._approved: dict[str, ApprovedTexts] = {}

    @classmethod
    def of_files(cls, files: Mapping[str, str]) -> "Templates":
        """Those that a deployment has compiled. Raises `TemplateError` if they can't be read."""
        try:
            templates = msgspec.json.decode(files.get(COMPILED, "{}"), type=dict[str, Template])
            blocks = msgspec.json.decode(files.get(COMPILED_BLOCKS, "{}"), type=dict[str, Block])
        except msgspec.DecodeError as error:
            raise TemplateError(COMPILED, 0, str(error)) from error
        return cls(templates, files, blocks)

    def render(
        self,
        name: str,
        context: Mapping[str, Any],
        wanted: Sequence[str],
        zone: str,
        own: OwnLinks = NO_LINKS,
        *,
        occasion: Occasion | None = None,
    ) -> Rendered:
        """The template `name` in the language that serves the first of the `wanted` locales best.

        `context` has `trigger`, `run`, `customer` and `shop`; dates are shown in `zone`. Without an
        `occasion` it shows no content blocks. Raises `TemplateError`.
        """
        template = self._template(name)
        try:
            return self._rendered(template, context, tuple(filter(None, wanted)), zone, own, occasion=occasion)
        except TemplateError:
            raise
        except Exception as error:
            raise TemplateError(f"templates/{name}.yaml", 0, f"{type(error).__name__}: {str(error)[:200]}") from error

    def has(self, name: str) -> bool:
        """Whether there is a template `name`."""
        return name in self._templates

    def survey(self, name: str) -> Survey | None:
        """What the template `name` asks its reader; `None`: nothing, or there is no such template."""
        return self._templates[name].survey if name in self._templates else None

    def letter(self, name: str, context: Mapping[str, Any], wanted: Sequence[str], zone: str) -> Letter:
        """The texts of the mail `name`, as in `render`. Raises `TemplateError`."""
        template = self._template(name)
        asked = tuple(filter(None, wanted))
        locale = best_locale(asked, template.locales)
        formats = formats_of(formats_locale(locale, asked), zone)
        texts = self._filled(template, locale, context, formats)
        body = texts.get("body", ())
        paragraphs = (body,) if isinstance(body, str) else body
        return Letter(
            subject=" ".join(str(texts.get("subject", "")).split()),
            body=tuple(one.strip() for one in paragraphs if one.strip()),
            button=str(texts.get("button", "")),
            link=self._link(template, context, formats)[0],
            locale=locale,
        )

    def _rendered(
        self,
        template: Template,
        context: Mapping[str, Any],
        wanted: tuple[str, ...],
        zone: str,
        own: OwnLinks,
        *,
        occasion: Occasion | None,
    ) -> Rendered:
        if not template.locales:
            raise TemplateError(f"templates/{template.name}.yaml", 0, "the template has no texts in any language")
        locale = best_locale(wanted, template.locales)
        formats = formats_of(formats_locale(locale, wanted), zone)
        texts = self._filled(template, locale, context, formats)
        if template.channel == "sms":
            return _sms(template, asking(template.survey, str(texts.get("text", "")).strip(), locale), locale)
        if template.channel == "push":
            return self._push(template, texts, (locale, formats), context)
        if template.channel == "whatsapp":
            return self._whatsapp(template, str(texts.get("text", "")), (locale, formats), context)
        return self._mail(template, (locale, formats), texts, context, own, occasion=occasion)

    def _mail(
        self,
        template: Template,
        language: tuple[str, Formats],
        texts: dict[str, str | list[str]],
        context: Mapping[str, Any],
        own: OwnLinks,
        *,
        occasion: Occasion | None,
    ) -> Rendered:
        locale, formats = language
        layout = self._layout(template)
        link, notes = self._link(template, context, formats)
        found = at(context, template.items)
        told_below = total_discount_covers_items(context, template.total, found)
        items, left_out = item_rows(
            found, formats, before_discounts=told_below, counted=template.items != "recommendations"
        )
        content, nothing = self._content(template, language, context, occasion)
        page = {
            "text": texts,
            "link": link,
            "items": items,
            "sums": sum_rows(context, template.total, formats),
            "total": money_or_nothing(at(context, template.total), formats),
            "blocks": content,
            "shop": context.get("shop", {}),
            "locale": locale,
            **SIDES[direction(locale)],
            "unsubscribe_url": own.unsubscribe_url,
            "preferences_url": own.preferences_url,
            "survey": survey_view(template.survey, locale, own.survey_url),
            "words": layout.words(locale),
        }
        return Rendered(
            subject=" ".join(str(texts.get("subject", "")).split()),
            text=layout.text(page, formats),
            html=layout.html(page, formats),
            locale=locale,
            notes=(*notes, *left_out, *nothing),
            links=template.links,
            blocks=tuple(f"{row['name']}/{entry['id']}" for row in content for entry in row["entries"]),
        )

    def _content(
        self, template: Template, language: tuple[str, Formats], context: Mapping[str, Any], occasion: Occasion | None
    ) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """The content blocks as the layout sees them, with notes about those that have nothing to show."""
        if occasion is None:
            return [], ()
        locale, formats = language
        day = formats.day(occasion.at)
        rows: list[dict[str, Any]] = []
        empty: list[str] = []
        for number, shown in enumerate(template.blocks):
            # Who wrote the content may have dropped the block since the workflow was deployed.
            block = occasion.content.get(shown.block) or self.blocks.get(shown.block)
            category = self._category(template, number, context, formats)
            found = chosen(block, shown, categories_of(category), locale, day=day, run=occasion.run) if block else ()
            if block and found:
                rows.append(block_row(block, found, locale))
            else:
                empty.append(f"nothing of the block '{shown.block}' fits, so it was left out")
        return rows, tuple(empty)

    def _category(self, template: Template, number: int, context: Mapping[str, Any], formats: Formats) -> str:
        """The categories that the block `number` of a template is to be of."""
        parsed = self._categories.get((template.name, number))
        if parsed is None:
            file = f"templates/{template.name}.yaml (blocks)"
            parsed = self._categories[template.name, number] = Text(template.blocks[number].category, file=file)
        return parsed.render(context, formats)

    def _push(
        self,
        template: Template,
        texts: Mapping[str, str | list[str]],
        language: tuple[str, Formats],
        context: Mapping[str, Any],
    ) -> Rendered:
        locale, formats = language
        title, text = (" ".join(str(texts.get(name, "")).split()) for name in ("title", "text"))
        if not title:
            raise TemplateError(f"templates/{template.name}.yaml", 0, "the push message has no title")
        link, notes = self._link(template, context, formats)
        return Rendered(
            subject=shortened(title, TITLE_GREATEST),
            text=_within_bytes(text, PUSH_GREATEST),
            html="",
            locale=locale,
            notes=notes,
            link=link,
            links=template.links,
        )

    def _whatsapp(
        self, template: Template, reply: str, language: tuple[str, Formats], context: Mapping[str, Any]
    ) -> Rendered:
        locale, formats = language
        reply = shortened(reply.strip(), REPLY_GREATEST)
        if template.approved is None:
            if not reply:
                raise TemplateError(f"templates/{template.name}.yaml", 0, "the message has no text")
            return Rendered("", reply, "", locale, reply=reply)
        parsed = self._approved.get(template.name)
        if parsed is None:
            parsed = self._approved[template.name] = ApprovedTexts(template, template.approved)
        approved, text, notes = parsed.filled(locale, context, formats)
        return Rendered("", text, "", locale, notes, approved, reply)

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
    if template.channel == "whatsapp":  # the other texts are as they were approved, without Liquid
        texts = {name: text for name, text in texts.items() if name == "text"}
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
        return Rendered("", text, "", locale, links=template.links)
    note = f"the SMS had {len(text)} characters and was shortened: {SMS_GREATEST} at most can be sent"
    return Rendered("", shortened(text, SMS_GREATEST), "", locale, (note,), links=template.links)


def _within_bytes(text: str, greatest: int) -> str:
    """The words of `text` that fit into so many bytes of UTF-8."""
    limit = greatest
    while len(found := shortened(text, limit)) and len(found.encode("utf-8", "replace")) > greatest:
        limit -= max((len(found.encode("utf-8", "replace")) - greatest) // 4, 1)
    return found
