"""Templates become messages in the recipient's language; what can't be rendered says where."""

import re
from typing import Any

import pytest

from relevo_contracts.template import Template
from relevo_templates.errors import TemplateError
from relevo_templates.formats import Formats
from relevo_templates.messages import OwnLinks, Rendered, Templates
from tests.notifier.support import BROKEN, CONTEXT, LAYOUT, REMINDER, files


def render(template: Template = REMINDER, *wanted: str, **changes: Any) -> Rendered:
    context = {**CONTEXT, **changes.pop("context", {})}
    templates = Templates.of_files(files(template))
    return templates.render(template.name, context, wanted or ("en",), "Europe/Madrid", **changes)


def test_the_texts_are_filled_in_and_formatted_for_the_locale() -> None:
    english, spanish = render(), render(REMINDER, "es-MX")
    assert english.subject == "Ana, your cart of €1,225.00"
    assert "Until March 6, 2026." in english.text  # 23:30 UTC is the next day in Madrid
    assert spanish.subject.replace("\xa0", " ").startswith("Ana, tu cesta de ")
    assert "Hasta el 6 de marzo de 2026." in spanish.text
    assert (english.locale, spanish.locale) == ("en", "es")


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [(("es-ES",), "es"), (("es",), "es"), (("fr", "es"), "es"), (("fr", ""), "en"), (("", "en-GB"), "en"), ((), "en")],
)
def test_the_language_is_the_customers_then_the_shops_then_english(wanted: tuple[str, ...], locale: str) -> None:
    assert render(REMINDER, *wanted).locale == locale


def test_html_is_escaped_and_text_is_not() -> None:
    mail = render()
    assert "Cup &lt;blue&gt;" in mail.html
    assert "Acme &amp; Sons" in mail.html
    assert "Acme & Sons" in mail.text
    assert "https://acme.example.com/cart?a=1&amp;b=2" in mail.html
    assert "https://acme.example.com/cart?a=1&b=2" in mail.text
    assert "<!doctype html>" in mail.html.lower()


def test_nothing_that_a_customer_types_becomes_markup_or_liquid() -> None:
    name = "<script>alert(1)</script>{{ shop.name }}{% raw %}<mj-text>"
    mail = render(context={"customer": {"first_name": name}})
    assert "<script>" not in mail.html
    assert name in mail.subject


def test_the_unsubscribe_link_is_there_for_marketing() -> None:
    url = "https://shop.example.com/u/token"
    assert url not in render().html
    mail = render(own=OwnLinks(url))
    assert url in mail.html
    assert url in mail.text


def test_a_layout_may_show_the_link_to_the_preferences() -> None:
    url = "https://shop.example.com/preferences/token?a=1&b=2"
    layout = {
        "layouts/plain.txt": "{{ preferences_url }}",
        "layouts/plain.mjml": LAYOUT.replace("unsubscribe_", "preferences_"),
    }
    templates = Templates.of_files({**files(REMINDER), **layout})
    shown = templates.render("reminder", CONTEXT, ("en",), "Europe/Madrid", OwnLinks(preferences_url=url))
    assert shown.text == url
    assert url.replace("&", "&amp;") in shown.html


@pytest.mark.parametrize(
    ("template", "where"),
    [
        (BROKEN, r"templates/broken\.yaml \(en\.body\):2: .*oops"),
        (
            Template(name="t", channel="email", layout="none", locales={"en": {}}),
            r"layouts/none.* is not in",
        ),
        (Template(name="t", channel="sms", locales={"en": {"text": " "}}), "the SMS has no text"),
        (Template(name="t", channel="sms"), "no texts in any language"),
        (Template(name="t", channel="sms", locales={"en": {"text": "{{ 'x' | money }}"}}), "not an amount of money"),
        (Template(name="t", channel="sms", locales={"en": {"text": "{% if %}"}}), r"templates/t\.yaml \(en\.text\):1"),
        (
            Template(name="t", channel="sms", locales={"en": {"text": "{% for i in (1..999999) %}-{% endfor %}"}}),
            "loop iteration limit",
        ),
    ],
)
def test_what_can_not_be_rendered_says_where_and_why(template: Template, where: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template)
    assert re.search(where, str(caught.value))


def test_a_template_that_the_version_does_not_have() -> None:
    with pytest.raises(
        TemplateError, match="no such template; it has answer, broken, parcel, reminder, shipped, waits"
    ):
        Templates.of_files(files()).render("other", CONTEXT, ("en",), "UTC")


def test_compiled_templates_that_are_no_json() -> None:
    with pytest.raises(TemplateError, match=r"compiled/templates\.json"):
        Templates.of_files({"compiled/templates.json": "{"})


@pytest.mark.parametrize(
    ("locale", "money", "day"),
    [
        ("en", "€1,225.00", "March 6, 2026"),
        ("en-GB", "€1,225.00", "6 March 2026"),
        ("es-ES", "1.225,00 €", "6 de marzo de 2026"),
        ("it", "1.225,00 €", "6 marzo 2026"),
        ("xx-nonsense", "€1,225.00", "March 6, 2026"),
    ],
)
def test_formats(locale: str, money: str, day: str) -> None:
    formats = Formats(locale, "Europe/Madrid")
    assert formats.money({"amount": "1225.00", "currency": "EUR"}).replace("\xa0", " ") == money
    assert formats.date("2026-03-05T23:30:00Z") == day
    assert formats.date("2026-03-06") == day
    assert formats.money(None) == formats.date("") == formats.time("") == ""
