"""Reads what goes into a template that WhatsApp approved, and compares it with the approved texts.

Source: Meta, "Templates" and "Components" of the WhatsApp Business Platform: names, languages, `{{1}}`, lengths.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal, cast, get_args

from msgspec import structs

from relevo_contracts.template import Approved, Category, Parameter
from relevo_templates.approved import BODY_GREATEST, HEADER_GREATEST, HOLE, language_code
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node

Check = Callable[[Node, Literal["text", "address"]], None]
"""Checks a text with Liquid; what it becomes is the second argument."""

APPROVED_TEXTS = ("header", "body", "footer")
_EXAMPLE = 'approved: {name: order_shipped, category: utility, body: ["{{ customer.first_name }}"]}'
_MEDIA = ("image", "video", "document")
_BUTTONS = ("url", "code", "reply")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
_LONGEST = {"header": HEADER_GREATEST, "body": BODY_GREATEST, "footer": 60}
_MOST_BUTTONS = 10


def read_approved(fields: Fields, problems: Problems, check: Check) -> Approved | None:
    """What `approved` says; `None` if it is not there."""
    node = fields.get("approved")
    if node is None:
        return None
    inner = Fields(node, problems, "'approved'", _EXAMPLE)
    name = inner.text("name", required=True)
    if name and not _NAME.fullmatch(name):
        inner.wrong("name", f"'{name}' is not the name of a template: it has a to z, 0 to 9 and _", "order_shipped")
    category = inner.choice("category", get_args(Category), "utility", required=True)
    body = inner.get("body")
    parts = (body.items if body.items is not None else (body,)) if body is not None else ()
    for part in parts:
        check(part, "text")
    found = Approved(
        name=name,
        category=cast(Category, category),
        header=_header(inner, problems, check),
        body=tuple(part.text for part in parts),
        buttons=_buttons(inner, problems, check),
    )
    inner.done()
    return found


def _header(fields: Fields, problems: Problems, check: Check) -> Parameter | None:
    """A text, or the address of a picture, a video or a document."""
    node = fields.get("header")
    if node is None:
        return None
    if node.entries is None:
        check(node, "text")
        return Parameter(text=node.text)
    return _one_of(Fields(node, problems, "'header'", "header: {image: https://…}"), check, _MEDIA)


def _buttons(fields: Fields, problems: Problems, check: Check) -> tuple[Parameter, ...]:
    """Those that have something put into them, in their order."""
    found: list[Parameter] = []

    def read(node: Node) -> None:
        inner = Fields(node, problems, "a button", 'buttons: [{url: "{{ run.code }}"}]')
        index = inner.count("index", len(found), least=0)
        one = _one_of(inner, check, _BUTTONS)
        if one is not None:
            found.append(structs.replace(one, index=index))

    fields.each("buttons", read)
    if len(found) > _MOST_BUTTONS:
        fields.wrong("buttons", f"a template has {_MOST_BUTTONS} buttons at most")
    return tuple(found)


def _one_of(fields: Fields, check: Check, kinds: tuple[str, ...]) -> Parameter | None:
    """The one entry of a mapping whose key says what it is."""
    given = [(kind, one) for kind in kinds if (one := fields.get(kind)) is not None]
    fields.done()
    if len(given) != 1:
        fields.problems.error(fields.node.position, f"{fields.what} has one of {', '.join(kinds)}")
        return None
    kind, text = given[0]
    check(text, "address" if kind in _MEDIA else "text")
    return Parameter(kind=kind, text=text.text)  # type: ignore[arg-type]  # one of `kinds`


def read_approved_texts(locale: str, fields: Fields, approved: Approved | None) -> dict[str, str | list[str]]:
    """The texts in one language as they were approved, with the language's code at Meta."""
    texts: dict[str, str | list[str]] = {}
    if approved is None:
        return texts
    code = fields.text("language", language_code(locale))
    if not _LANGUAGE.fullmatch(code):
        fields.wrong("language", f"'{code}' is not the code of a language at WhatsApp", "en, en_US, pt_BR …")
    texts["language"] = code
    for name in APPROVED_TEXTS:
        text = fields.text(name, required=name == "body")
        if text:
            texts[name] = text
            if len(HOLE.sub("", text)) > _LONGEST[name]:
                fields.wrong(name, f"'{name}' can't have more than {_LONGEST[name]} characters")
    _compare(locale, fields, texts, approved)
    return texts


def _compare(locale: str, fields: Fields, texts: Mapping[str, str | list[str]], approved: Approved) -> None:
    """Each `{{1}}` of an approved text has something that goes into it, and nothing is left over."""
    header = 1 if approved.header is not None and approved.header.kind == "text" else 0
    for name, given in (("header", header), ("body", len(approved.body)), ("footer", 0)):
        wanted = {int(one) for one in HOLE.findall(str(texts.get(name, "")))}
        if wanted == set(range(1, given + 1)):
            continue
        asks = ", ".join(f"{{{{{one}}}}}" for one in sorted(wanted)) or "none"
        has = f"{given or 'none'}"
        message = f"'{name}' in '{locale}' has the parameters {asks}, and 'approved' gives it {has}"
        if name in fields or name != "body":  # a body that is missing is reported already
            fields.wrong(name, message, "as it was approved, with as many as there are, numbered from {{1}}")
