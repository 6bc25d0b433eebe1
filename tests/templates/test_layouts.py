"""MJML is compiled before there are values: none of them can break the HTML, and attributes are the text."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_templates.errors import TemplateError
from relevo_templates.formats import formats_of
from relevo_templates.layouts import SIDES, Layout
from relevo_templates.mjml import compile_mjml

VOID = {"meta", "link", "br", "img", "hr", "input"}
FORMATS = formats_of("en", "UTC")
FOLDER = Path(__file__).parents[2] / "workflows" / "layouts"
LIBRARY = Layout("message", {f"layouts/{path.name}": path.read_text() for path in FOLDER.iterdir()})
MUG = 'Mug ❤️ 500\xa0g — dev 👩🏽‍💻 C:\\tea <b>"it\'s" & co'


COLUMN = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


class Seen(HTMLParser):
    """The elements of a page, which must be closed in the order in which they were opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str, name: str) -> list[str | None]:
        return [found[name] for one, found in self.elements if one == tag and name in found]


def page(**changes: Any) -> dict[str, Any]:
    values = {
        "text": {
            "subject": MUG,
            "preview": MUG,
            "heading": MUG,
            "body": [MUG],
            "code": "X1",
            "button": MUG,
            "note": MUG,
        },
        "link": "https://a.example/?a=1&b=2",
        "items": [
            {"title": MUG, "variant": "v", "quantity": 2, "price": "€1", "image_url": "https://a.example/i.png"},
            {"title": MUG, "quantity": 1, "price": "", "image_url": ""},
        ],
        "total": "€5",
        "shop": {"name": MUG, "domain": "a.example"},
        "locale": "en",
        **SIDES["ltr"],
        "unsubscribe_url": "https://a.example/u?x=1&y=2",
        "preferences_url": "https://a.example/p",
        "words": {"item": "Item", "why_marketing": "You said so, {shop}"},
    }
    return {**values, **changes}


def test_attributes_are_the_text() -> None:
    seen = Seen(LIBRARY.html(page(), FORMATS))
    assert seen.attributes("img", "alt") == [MUG]
    assert MUG in seen.attributes("div", "aria-label")
    assert "https://a.example/?a=1&b=2" in seen.attributes("a", "href")
    assert seen.attributes("html", "lang") == ["en"]


@pytest.mark.parametrize("domain", ["", None])
def test_a_shop_without_a_domain_is_no_link(domain: str | None) -> None:
    values = page(shop={"name": "Tea", "domain": domain})
    seen = Seen(LIBRARY.html(values, FORMATS))
    assert "" not in seen.attributes("a", "href")
    assert "Tea" in seen.text
    assert "Tea\n" in LIBRARY.text(values, FORMATS)
    assert "https://\n" not in LIBRARY.text(values, FORMATS)


def test_the_characters_of_the_layout_itself_are_kept() -> None:
    mjml = (
        '<mjml><mj-body><mj-section><mj-column><mj-image src="a" alt="é\xa0&quot;\\ &amp;" /></mj-column></mj-section>'
    )
    compiled = compile_mjml("a.mjml", mjml + "</mj-body></mjml>").html
    assert Seen(compiled).attributes("img", "alt") == ['é\xa0"\\ &']


@pytest.mark.parametrize("items", [[], page()["items"]])
@pytest.mark.parametrize("code", ["", "WELCOME10"])
@pytest.mark.parametrize("unsubscribe_url", ["", "https://a.example/u"])
@pytest.mark.parametrize("link", ["", "https://a.example"])
def test_every_branch_of_the_layout_is_whole(items: list[Any], code: str, unsubscribe_url: str, link: str) -> None:
    text = {**page()["text"], "code": code}
    html = LIBRARY.html(page(items=items, text=text, unsubscribe_url=unsubscribe_url, link=link), FORMATS)
    for outlook in (False, True):
        # What Outlook reads stands in comments: with those opened the page must be whole as well.
        seen = Seen(re.sub(r"<!--\[if mso \| IE\]>(.*?)<!\[endif\]-->", r"\1", html) if outlook else html)
        assert (MUG in seen.attributes("img", "alt")) == bool(items)
        assert ("WELCOME10" in seen.text) == bool(code)
        assert ("https://a.example" in seen.attributes("a", "href")) is True


@pytest.mark.parametrize(
    "paragraph",
    [
        "ご注文ありがとうございます。発送の準備ができましたらお知らせします。",
        "我们会尽快发货。",
        "ขอบคุณสำหรับการสั่งซื้อ",
        "شكرا",
        "2026",
        "WELCOME10",
    ],
)
def test_only_the_code_is_boxed(paragraph: str) -> None:
    boxed = "border:1px dashed"
    without = {**page()["text"], "body": [paragraph], "code": ""}
    assert boxed not in LIBRARY.html(page(text=without), FORMATS)
    assert boxed in LIBRARY.html(page(text={**without, "code": "WELCOME10"}), FORMATS)


def test_the_words_of_the_layout_are_in_the_nearest_language() -> None:
    files = {
        "layouts/a.mjml": "<mjml><mj-body></mj-body></mjml>",
        "layouts/a.txt": "",
        "layouts/a.json": '{"en": {"total": "Total"}, "nb": {"total": "Sum"}}',
    }
    assert Layout("a", files).words("no") == {"total": "Sum"}


@pytest.mark.parametrize(
    ("mjml", "line", "why"),
    [
        ("<mjml><mj-body>\n<mj-wrong/></mj-body></mjml>", 2, "MJML has no element mj-wrong"),
        ("<mjml", 0, "not MJML"),
        ("", 0, "not MJML"),
        ("<mjml><mj-body>\n<mj-section {% if link %}padding='0'{% endif %}></mj-section></mj-body></mjml>", 2, "MJML"),
        ('<mjml>\n<mj-body width="{{ text.width }}"></mj-body></mjml>', 2, "leaves this out"),
    ],
)
def test_what_can_not_be_compiled_says_where(mjml: str, line: int, why: str) -> None:
    with pytest.raises(TemplateError, match=why) as caught:
        compile_mjml("layouts/a.mjml", mjml)
    assert caught.value.file == "layouts/a.mjml"
    assert caught.value.line in (line, 0)


def test_an_error_while_filling_in_has_its_place_in_the_mjml() -> None:
    mjml = COLUMN.format("\n<mj-text>a</mj-text>\n<mj-text>{{ text.subject | date }}</mj-text>")
    layout = Layout("a", {"layouts/a.mjml": mjml, "layouts/a.txt": ""})
    with pytest.raises(TemplateError, match=r"layouts/a\.mjml:3: not a date"):
        layout.html(page(), FORMATS)


@given(st.text(max_size=30))
def test_no_value_breaks_the_page(value: str) -> None:
    texts = {"subject": value, "preview": value, "heading": value, "body": [value], "button": value, "code": value}
    items = [{"title": value, "variant": value, "quantity": 1, "price": value, "image_url": value}] * 2
    html = LIBRARY.html(page(text=texts, items=items, link=value, shop={"name": value, "domain": value}), FORMATS)
    usual = Seen(LIBRARY.html(page(), FORMATS))
    seen = Seen(html)
    known = {tag for tag, _ in usual.elements}
    assert {tag for tag, _ in seen.elements} <= known
    assert {name for _, found in seen.elements for name in found} <= {n for _, found in usual.elements for n in found}
