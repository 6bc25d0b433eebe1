"""Whole messages: an odd value costs its field, and whatever can't be rendered is a `TemplateError`."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.template import Template
from relevo_templates.errors import TemplateError
from relevo_templates.formats import formats_of
from relevo_templates.items import item_rows
from relevo_templates.messages import SMS_GREATEST, Rendered, Templates
from relevo_templates.texts import shortened

FOLDER = Path(__file__).parents[2] / "workflows" / "layouts"
FILES = {f"layouts/{path.name}": path.read_text() for path in FOLDER.iterdir()}
MAIL = Template(
    name="mail",
    channel="email",
    layout="message",
    link="{{ trigger.url }}",
    items="trigger.items",
    total="trigger.total",
    code="{{ trigger.code }}",
    locales={
        "en": {
            "subject": "Hello {{ customer.name }}",
            "body": [
                "Total {{ trigger.total }} of {{ trigger.at | date }}",
                "{% for i in trigger.items %}{{ i.title }},{% endfor %}",
            ],
            "button": "Look",
        },
        "de": {"subject": "Hallo", "body": ["Summe {{ trigger.total | money }}"], "button": "Ansehen", "code": "DANKE"},
    },
)
SMS = Template(name="sms", channel="sms", locales={"en": {"text": "Hi {{ customer.name }}"}})
TEMPLATES = Templates({"mail": MAIL, "sms": SMS}, FILES)
EUR = {"amount": "1225", "currency": "EUR"}
BOX = "border:1px dashed"


def mail(locale: str = "en", **trigger: Any) -> Rendered:
    context = {"trigger": trigger, "customer": {"name": "Ana"}, "shop": {"name": "Acme", "domain": "acme.example.com"}}
    return TEMPLATES.render("mail", context, (locale,), "Europe/Madrid")


def text(context: dict[str, Any]) -> Rendered:
    return TEMPLATES.render("sms", context, ("en",), "UTC")


@pytest.mark.parametrize("url", ["https://[bad", "javascript:alert(1)", "/orders/1", "a.example", 7, {"a": 1}, ["x"]])
def test_a_link_that_is_no_web_address_costs_the_button(url: object) -> None:
    odd = mail(url=url)
    assert "Look" in mail(url="https://a.example").html
    assert "Look" not in odd.html
    assert "Look" not in odd.text
    assert odd.notes[0].startswith("the link is not a web address, so the button was left out")


def test_a_mail_without_a_link_has_no_note() -> None:
    assert mail().notes == ()


@pytest.mark.parametrize(
    ("items", "shown", "notes"),
    [
        (["Cup", "Pot"], ["Cup", "Pot"], ()),
        (
            [{"title": "Cup", "price": "12"}, {"id": None}, None, 7],
            ["Cup", "7"],
            ("2 of 4 items have no title and were left out",),
        ),
        ({"id": None}, [], ("the items are not a list, so they were left out",)),
        ("Cup", [], ("the items are not a list, so they were left out",)),
        (None, [], ()),
        ([], [], ()),
    ],
)
def test_items_are_shown_as_far_as_they_can_be(items: object, shown: list[str], notes: tuple[str, ...]) -> None:
    found = mail(items=items)
    assert found.notes == notes
    assert [
        line.partition("1 \N{MULTIPLICATION SIGN} ")[2] for line in found.text.splitlines() if line[:2] == "- "
    ] == shown


@pytest.mark.parametrize(
    ("quantity", "locale", "shown"),
    [(2, "es", 2), (2.0, "es", 2), (2.5, "es", "2,5"), (2.5, "en", "2.5"), ("2 m", "en", "2 m")],
)
def test_a_quantity_is_written_as_its_reader_writes_it(quantity: object, locale: str, shown: object) -> None:
    [row], _ = item_rows([{"title": "Linen", "quantity": quantity}], formats_of(locale, "UTC"))
    assert row["quantity"] == shown
    assert type(row["quantity"]) is type(shown)


def test_an_item_that_says_null_has_no_quantity_and_the_price_of_one() -> None:
    price = {"amount": "24.50", "currency": "EUR"}
    [looked_at, ordered], _ = item_rows(
        [{"title": "Mug", "price": price, "quantity": None}, {"title": "Mug", "price": price}], formats_of("en", "UTC")
    )
    assert (looked_at["quantity"], looked_at["sum"]) == (None, "€24.50")
    assert (ordered["quantity"], ordered["sum"]) == (1, "€24.50")


def test_amounts_are_formatted_with_and_without_the_filter() -> None:
    assert "Total €1,225.00 of March 6, 2026" in mail(total=EUR, at="2026-03-05T23:30:00Z").text
    assert "Summe 1.225,00 €" in mail("de", total=EUR).text.replace("\xa0", " ")
    assert "amount" not in mail(total=EUR).html


def test_the_code_is_the_templates_or_the_languages_own() -> None:
    assert BOX not in mail().html
    assert BOX in mail(code="WELCOME10").html
    assert "WELCOME10" in mail(code="WELCOME10").text
    assert "DANKE" in mail("de", code="WELCOME10").html


def test_characters_that_no_message_may_carry_are_dropped() -> None:
    context = {"customer": {"name": "A\ufffen\x00a\ud800\x1b"}, "trigger": {}, "shop": {}}
    assert TEMPLATES.render("mail", context, ("en",), "UTC").subject == "Hello Ana"
    assert text(context).text == "Hi Ana"


def test_a_long_sms_ends_at_a_word() -> None:
    long = text({"customer": {"name": "word " * 400}})
    assert len(long.text) <= SMS_GREATEST
    assert long.text.endswith("word…")
    assert long.notes == ("the SMS had 2002 characters and was shortened: 1600 at most can be sent",)
    assert text({"customer": {"name": "Ana"}}).notes == ()


@given(st.text(min_size=1, max_size=200), st.integers(min_value=2, max_value=80))
def test_what_is_shortened_fits_and_begins_alike(long: str, greatest: int) -> None:
    short = shortened(long, greatest)
    assert len(short) <= greatest
    assert long.startswith(short.removesuffix("…"))
    assert (short == long) == (len(long) <= greatest)


@pytest.mark.parametrize(
    ("trigger", "where"),
    [
        ({"at": "soon"}, r"templates/mail\.yaml \(en\.body\):1: not a date or an instant: 'soon'"),
        ({"at": ["2026"]}, "not a date"),
        ({"total": {"amount": "x", "currency": "EUR"}}, "not a number: 'x'"),
        ({"total": {"amount": "9" * 500, "currency": "EUR"}}, "not a number that can be shown"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "not a date"),
        ({"items": list(range(10_001))}, "loop iteration limit"),
    ],
)
def test_what_only_shows_at_run_time_has_its_place(trigger: dict[str, Any], where: str) -> None:
    with pytest.raises(TemplateError, match=where):
        mail(**trigger)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("2026-03-05T23:30:00Z"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["title", "price", "amount", "currency", "items", "url", "total", "at", "code", "image_url"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON, JSON, st.sampled_from(["en", "de", "xx", "\0", "de" * 100]), st.text(max_size=20))
def test_any_context_is_rendered_or_a_template_error(
    trigger: Any, customer: Any, shop: Any, locale: str, zone: str
) -> None:
    for name in ("mail", "sms"):
        try:
            found = TEMPLATES.render(name, {"trigger": trigger, "customer": customer, "shop": shop}, (locale,), zone)
        except TemplateError as error:
            assert error.file
        else:
            assert (found.text.strip() + found.html).encode()
            assert "\n" not in found.subject


def test_nesting_without_end_is_a_template_error() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TemplateError):
        text({"customer": {"name": deep}})


def test_compiled_templates_are_read_once() -> None:
    compiled = {"compiled/templates.json": msgspec.json.encode({"sms": SMS}).decode()}
    assert Templates.of_files(compiled).render("sms", {"customer": {"name": "Ana"}}, (), "").text == "Hi Ana"
