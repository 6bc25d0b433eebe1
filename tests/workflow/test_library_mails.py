"""How the mails of the library look: in the dark, without pictures or HTML, in each language, with enough contrast."""

import json
import re
from functools import cache

import pytest
import yaml

from relevo_contracts.template import Template
from relevo_templates.messages import Rendered, Templates
from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.testing.rendered import MessageReader, Previews
from relevo_workflow.testing.runner import run_tests
from tests.workflow.test_library import LIBRARY, NAMES, workflow_files

LAYOUT = (LIBRARY / "layouts" / "message.mjml").read_text()
PAGE, CARD = ("#f3f1ec", "#141617"), ("#ffffff", "#1f2324")
"""Behind the text: by day, in the dark."""
LIGHT = {
    "#33383b": CARD[0],
    "#1c2321": PAGE[0],
    "#5d6663": PAGE[0],
    "#12473b": "#eef6f3",
    "#ffffff": "#14614f",
    "#14614f": CARD[0],
}
"""Each colour of text with what it stands on, the worse of two."""
DARK = {"#f5f3ee": "#283130", "#d9dcda": CARD[1], "#a3aba8": CARD[1], "#0c2a23": "#8fd6c4", "#8fd6c4": CARD[1]}
ENOUGH = 4.5
"""WCAG 2.2, 1.4.3: for text of any size."""


@cache
def mails(name: str) -> tuple[Definition, dict[tuple[str, str], Rendered]]:
    """Every mail that a test of the workflow sends, by template and language."""
    files = workflow_files(name)
    definition = load_workflow(files)
    previews = Previews(definition)
    run_tests(definition, files, previews)
    return definition, {
        (template, locale): previews.of(send, MessageReader((locale,), reader.zone))
        for template, (send, reader) in previews.samples.items()
        if send.channel == "email"
        for locale in definition.templates[template].locales
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_whole_in_each_language(name: str) -> None:
    definition, found = mails(name)
    assert {template for template, _ in found} == {
        one for one, t in definition.templates.items() if t.channel == "email"
    }
    for (template, locale), mail in found.items():
        where = f"{name}/{template} in {locale}"
        preheader = re.search(r'<div style="display:none[^"]*"[^>]*>\s*([^<]+?)\s*</div>', mail.html)
        assert f'lang="{locale}" dir="ltr"' in mail.html, where
        assert '<meta name="color-scheme" content="light dark"' in mail.html, where
        assert "@media (prefers-color-scheme: dark)" in mail.html, where
        assert preheader is not None, where
        assert preheader[1] not in ("", mail.subject), where
        assert mail.subject, where
        assert mail.text.strip(), where
        assert not re.search(r"\{\{|\{%|\bNone\b", mail.html + mail.text + mail.subject), where
        assert all("alt=" in picture for picture in re.findall(r"<img\b[^>]*>", mail.html)), where


@pytest.mark.parametrize("name", NAMES)
def test_no_language_has_the_words_of_another(name: str) -> None:
    _, found = mails(name)
    for template in {template for template, _ in found}:
        texts = [mail.text for (one, _), mail in found.items() if one == template]
        assert len(texts) >= 3
        assert len(set(texts)) == len(texts), f"{name}/{template}"


@pytest.mark.parametrize("locale", ["ar", "he-IL", "fa", "ur", "az-Arab"])
def test_a_language_that_is_written_from_the_right_turns_the_page(locale: str) -> None:
    texts: dict[str, str | list[str]] = {
        "subject": "S",
        "preview": "P",
        "heading": "H",
        "body": ["B"],
        "button": "Go",
        "note": "N",
    }
    template = Template(
        name="t",
        channel="email",
        layout="message",
        link="https://a.example",
        items="i",
        total="t",
        locales={locale: texts},
    )
    files = {
        f"layouts/message.{kind}": (LIBRARY / "layouts" / f"message.{kind}").read_text() for kind in ("mjml", "txt")
    }
    words = yaml.safe_load((LIBRARY / "layouts" / "message.yaml").read_text())
    templates = Templates({"t": template}, {**files, "layouts/message.json": json.dumps(words)})
    price = {"amount": "12.50", "currency": "EUR"}
    context = {"i": [{"title": "Tea", "price": price, "image_url": "https://a.example/b.png"}], "t": price, "shop": {}}
    mail = templates.render("t", context, (locale,), "UTC")
    assert mail.html.count(f'lang="{locale}" dir="rtl"') == 2  # of the page, and for programs that drop it
    assert "direction:ltr" not in mail.html
    shown = re.sub(r"font-size:0px;text-align:left", "", mail.html)  # holds no text itself
    assert not re.search(r'text-align:left[^"]*">\s*(?!€|\d)[HBN]', shown)
    assert re.search(r'text-align:right[^"]*"><h1|text-align:right[^"]*">\s*B', shown)
    assert re.search(r'class="money" style="[^"]*padding-right:12px;[^"]*text-align:left', shown)


def luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("pairs", "part"), [(LIGHT, 0), (DARK, 1)])
def test_every_colour_of_text_can_be_read_where_it_stands(pairs: dict[str, str], part: int) -> None:
    css = LAYOUT.split("@media (prefers-color-scheme: dark)")
    dark, _, rest = css[1].partition("</mj-style>")
    text = dark if part else css[0] + rest
    used = set(re.findall(r'(?<![-\w])color[:=]\s*"?(#[0-9a-f]{6})', text))
    assert used == set(pairs)
    for colour, behind in pairs.items():
        high, low = sorted((luminance(colour), luminance(behind)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= ENOUGH, f"{colour} on {behind}"
        assert behind in LAYOUT
