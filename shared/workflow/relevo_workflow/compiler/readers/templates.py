"""Reads the templates of a workflow: Liquid texts in several languages, each variable checked."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast

import msgspec

from relevo_contracts.contact import Channel
from relevo_contracts.content import Block
from relevo_contracts.languages import language
from relevo_contracts.surveys import Survey
from relevo_contracts.template import Approved, Template, TemplateTexts
from relevo_templates.addresses import web_address
from relevo_templates.items import SUMS
from relevo_templates.locales import language_of_country, same_language
from relevo_templates.messages import PUSH_GREATEST, SMS_GREATEST, TITLE_GREATEST
from relevo_templates.segments import plain_for, segments_of
from relevo_templates.staff import NAMES
from relevo_templates.texts import Into, is_liquid
from relevo_workflow.compiler.readers.approved import read_approved, read_approved_texts
from relevo_workflow.compiler.readers.blocks import one_after_the_other, read_shown_blocks, warn_of_gaps
from relevo_workflow.compiler.readers.layouts import check_layouts, layout_words
from relevo_workflow.compiler.readers.links import read_links
from relevo_workflow.compiler.readers.staff_templates import check_staff_text
from relevo_workflow.compiler.readers.surveys import asked_survey, compare_with_survey
from relevo_workflow.expressions.shapes import CUSTOMER, RECOMMENDATIONS, SHOP, Shape, occasion_shape
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node, read_yaml
from relevo_workflow.values.liquid_texts import check_liquid, missing_field, saved_reads, warn_of_single_braces
from relevo_workflow.values.reader import Reading
from relevo_workflow.values.text_context import named_paths

_FOLDER = "templates/"
_LAYOUTS = "layouts/"
_KNOWN_FIELDS = (
    "channel",
    "layout",
    "link",
    "items",
    "total",
    "code",
    "approved",
    "tracking",
    "utm",
    "survey",
    "blocks",
)
_MONEY = ("Money", "")
_TEXTS: dict[str, tuple[str, ...]] = {
    "email": ("subject", "preview", "heading", "body", "code", "button", "note"),
    "sms": ("text",),
    "whatsapp": ("text",),
    "push": ("title", "text"),
}
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SMS_MANY = 3
"""Segments of an SMS above which `relevo check` asks for fewer words."""
_NEEDED = ("subject", "body", "title", "text")
_LOCALE = re.compile(r"^[a-z]{2,3}([-_][A-Z][a-z]{3})?([-_]([A-Z]{2}|\d{3}))?$")


def read_templates(
    files: Mapping[str, str], reading: Reading, surveys: Mapping[str, Survey | None], blocks: Mapping[str, Block]
) -> tuple[dict[str, Template], dict[str, str]]:
    """The templates by name, and the sources of the layouts by path.

    `surveys` are those that a template may ask, `blocks` the content that it can show.
    """
    templates: dict[str, Template] = {}
    layouts = {path: text for path, text in files.items() if path.startswith(_LAYOUTS)}
    for path in sorted(files):
        if path.startswith(_FOLDER) and path.endswith((".yaml", ".yml")):
            root = read_yaml(path, files[path], reading.problems)
            if root is None:
                reading.broken.add(_name(path))
                continue
            template = _template(path, root, layouts, reading, surveys, blocks=blocks)
            templates[template.name] = template
            given = (root.entries or {}).get("channel")
            readable = given is not None and given.text == template.channel
            reading.channels[template.name] = template.channel if readable else ""
    check_layouts({one.layout for one in templates.values() if one.layout}, layouts, reading.problems)
    return one_after_the_other(templates), layouts


def _name(path: str) -> str:
    return path.removeprefix(_FOLDER).rsplit(".", 1)[0]


def _template(
    path: str,
    root: Node,
    layouts: Mapping[str, str],
    reading: Reading,
    surveys: Mapping[str, Survey | None],
    *,
    blocks: Mapping[str, Block],
) -> Template:
    name = _name(path)
    fields = Fields(root, reading.problems, "a template")
    channel = cast(Channel, fields.choice("channel", tuple(_TEXTS), "email", required=True))
    layout = fields.text("layout", required=channel == "email")
    if layout and f"{_LAYOUTS}{layout}.mjml" not in layouts:
        fields.wrong("layout", f"there is no layout '{layout}'", f"add layouts/{layout}.mjml and layouts/{layout}.txt")
    approved = None
    if channel == "whatsapp":
        approved = read_approved(fields, reading.problems, lambda node, into: _check(node, name, reading, into))
        if approved is None:
            reading.unapproved.add(name)
    template = Template(
        name=name,
        channel=channel,
        approved=approved,
        layout=layout,
        link=_link(fields, name, reading),
        items=_path(fields, "items", ("list",), name, reading),
        total=_path(fields, "total", ("struct",), name, reading),
        code=_code(fields, name, reading),
        links=read_links(fields),
        survey=asked_survey(fields, channel, surveys),
        blocks=read_shown_blocks(fields, channel, reading, lambda node: _check(node, name, reading), blocks),
        locales=_locales(fields, (name, channel, approved), reading),
    )
    fields.done()
    compare_with_survey(root, template, layouts, reading.problems)
    warn_of_gaps(root, template, blocks, reading.problems)
    _compare_with_layout(root, template.locales, layout, layouts, reading.problems)
    return template


def _link(fields: Fields, template: str, reading: Reading) -> str:
    node = fields.get("link")
    if node is not None:
        fields.text("link")
        _check(node, template, reading, "address")
        if node.text and not re.match(r"(https?://|mailto:|tel:|\{[{%])", node.text):
            reading.problems.error(node.position, "'link' must begin with https://", 'or be Liquid: "{{ trigger.… }}"')
        elif node.text and not is_liquid(node.text) and not web_address(node.text):
            reading.problems.error(node.position, f"'{node.text}' is not a web address", "https://shop.example.com/…")
    return node.text if node is not None else ""


def _code(fields: Fields, template: str, reading: Reading) -> str:
    node = fields.get("code")
    if node is None:
        return ""
    fields.text("code")
    _check(node, template, reading)
    return node.text


def _check(node: Node, template: str, reading: Reading, into: Into = "text") -> None:
    """Checks a text of a template, and notes what it takes of what steps saved."""
    warn_of_single_braces(node, reading.problems)
    if template in NAMES:
        check_staff_text(node, reading.problems, into)
        return
    known = is_liquid(node.text)
    liquid = check_liquid(node.text, node, reading.environment, reading.problems, into) if known else None
    if liquid is not None:
        reading.paths.setdefault(template, set()).update(named_paths(liquid))
        reads = reading.reads.setdefault(template, {})
        for name, where in saved_reads(node):
            reads.setdefault(name, where)


def _path(fields: Fields, name: str, kinds: tuple[str, ...], template: str, reading: Reading) -> str:
    node = fields.get(name)
    if node is None:
        return ""
    segments = node.text.split(".")
    roots = list(_roots(segments[0], reading))
    for shape in roots:
        wrong = missing_field(shape, segments)
        found = _shape_at(shape, segments[1:])
        if wrong is None and (found.kind not in (*kinds, "dyn") or (name == "total" and found.name not in _MONEY)):
            wrong = (f"'{node.text}' is not {'a list' if 'list' in kinds else 'an amount of money'}", "")
        if wrong is not None:
            reading.problems.error(node.position, *wrong)
            return ""
    if not roots:
        reading.problems.error(
            node.position, f"there is no variable '{segments[0]}'", "trigger, run, customer, shop or recommendations"
        )
    reading.paths.setdefault(template, set()).add(tuple(segments))
    if name == "total":  # what lies between the items and the total is shown too
        beside = {(*segments[:-1], part) for part in SUMS if not any(_lacks(shape, segments, part) for shape in roots)}
        reading.paths[template] |= beside
    if segments[0] == "run" and len(segments) > 1:
        reading.reads.setdefault(template, {}).setdefault(segments[1], node.position)
    return node.text


def _lacks(shape: Shape, segments: list[str], field: str) -> bool:
    return missing_field(shape, [*segments[:-1], field]) is not None


def _roots(root: str, reading: Reading) -> list[Shape]:
    if root == "trigger":
        return [occasion_shape(trigger, reading.environment.types) for trigger in reading.environment.triggers]
    known = {
        "run": reading.environment.run,
        "customer": CUSTOMER,
        "shop": SHOP,
        "recommendations": RECOMMENDATIONS,
    }
    return [known[root]] if root in known else []


def _shape_at(shape: Shape, segments: list[str]) -> Shape:
    for segment in segments:
        shape = shape.fields.get(segment) or shape.item or Shape("dyn")
    return shape


_Whose: TypeAlias = tuple[str, Channel, Approved | None]


def _locales(fields: Fields, whose: _Whose, reading: Reading) -> dict[str, TemplateTexts]:
    found: dict[str, TemplateTexts] = {}
    root, before = fields.node, len(reading.problems.errors)
    for key, node in (root.entries or {}).items():
        if key in _KNOWN_FIELDS or node.entries is None or not _LOCALE.match(key):
            continue
        fields.get(key)
        if not language(key):
            near = language_of_country(key)
            advice = f"a country is not a language: did you mean {near}?" if near else "such as en, es or pt-BR"
            reading.problems.error((root.keys or {})[key], f"'{key}' is not the code of a language", advice)
            continue
        found[key] = _texts(key, node, whose, reading)
    wrong = len(reading.problems.errors) > before
    if not found and not wrong:
        needed = ", ".join(f"{name}: …" for name in _TEXTS[whose[1]] if name in _NEEDED)
        reading.problems.error(root.position, "a template needs texts in at least one language", f"en: {{{needed}}}")
    elif "en" not in found and not wrong:
        reading.problems.warning(root.position, "there are no English texts to fall back on", "add en: {…}")
    _compare_languages(root, found, reading)
    return found


def _compare_with_layout(
    root: Node, locales: Iterable[str], layout: str, layouts: Mapping[str, str], problems: Problems
) -> None:
    """A language that the layout has no words in gets the texts of the author above a footer in another language."""
    file = f"{_LAYOUTS}{layout}.yaml"
    words = msgspec.json.decode(layout_words(file, layouts[file], Problems())) if file in layouts else {}
    for locale in locales if words else ():
        if not any(same_language(locale, one) for one in words):
            where = (root.keys or {})[locale]
            problems.warning(where, f"the layout has no words in '{locale}'", f"add '{locale}: {{…}}' to {file}")


def _texts(locale: str, node: Node, whose: _Whose, reading: Reading) -> TemplateTexts:
    template, channel, approved = whose
    fields = Fields(node, reading.problems, f"the texts in '{locale}'")
    texts = read_approved_texts(locale, fields, approved)
    for name in _TEXTS[channel]:
        required = name in _NEEDED and approved is None
        given = fields.need(name) if required else fields.get(name)
        if given is None:
            continue
        parts = given.items if given.items is not None else (given,)
        if given.items is not None and name != "body":
            reading.problems.error(given.position, f"'{name}' must be one text, but this is a list")
        for part in parts or (given,):
            _check(part, template, reading)
            if part.entries is not None or (required and not part.text.strip()):
                reading.problems.error(part.position, f"'{name}' must be text, but this is {_what(part)}")
        if channel == "push":
            _check_push(name, given, reading.problems)
        if channel == "sms":
            _warn_of_sms(given, reading.problems)
        texts[name] = [part.text for part in parts] if name == "body" else parts[0].text if parts else ""
    fields.done()
    return texts


def _check_push(name: str, node: Node, problems: Problems) -> None:
    """The fixed part of a push message alone must fit into what push services take."""
    fixed = _LIQUID.sub("", node.text)
    size, greatest = (len(fixed), TITLE_GREATEST) if name == "title" else (len(fixed.encode()), PUSH_GREATEST)
    if size > greatest:
        unit = "characters" if name == "title" else "bytes"
        message = f"'{name}' of a push message has {size} {unit}, of which {greatest} can be sent"
        problems.error(node.position, message, "say it in fewer words")


def _warn_of_sms(node: Node, problems: Problems) -> None:
    """What the fixed part of an SMS alone makes of it: too long, or dear."""
    if not is_liquid(node.text) and len(node.text) > SMS_GREATEST:
        longer = f"the SMS has {len(node.text)} characters: what is beyond {SMS_GREATEST} is cut off"
        problems.warning(node.position, longer, "say it in fewer words")
        return
    fixed = _LIQUID.sub("", node.text).strip()
    found = segments_of(fixed)
    if found.typographic:
        plainly = segments_of(found.plain).count
        instead = f", {found.count} segments instead of {plainly}" if found.count > plainly else ""
        problems.warning(
            node.position,
            f"the SMS has room for 70 characters a segment, not 160, because of {_shown(found.foreign)}{instead}",
            ", ".join(f"{_shown(plain_for(one))} for {_shown(one)}" for one in found.foreign),
        )
    elif found.count > SMS_MANY:
        dear = f"the SMS has {found.count} segments ({found.encoding}) before its values, and each is paid for"
        problems.warning(node.position, dear, "say it in fewer words")


def _shown(characters: str) -> str:
    return " ".join(
        "a plain space" if one == " " else one if one.isprintable() else unicodedata.name(one, "a tab").lower()
        for one in characters
    )


def _what(node: Node) -> str:
    return "empty" if node.is_text or node.items == () else node.kind


def _compare_languages(root: Node, found: dict[str, TemplateTexts], reading: Reading) -> None:
    """A text that one language has and another lacks is most likely forgotten."""
    every = {name for texts in found.values() for name in texts}
    for locale, texts in found.items():
        for name in sorted(every - set(texts) - set(_NEEDED)):
            others = sorted(tag for tag in found if name in found[tag])
            verb = "have" if len(others) > 1 else "has"
            where = (root.keys or {})[locale]
            reading.problems.warning(where, f"'{locale}' has no '{name}', and {', '.join(others)} {verb} it")
