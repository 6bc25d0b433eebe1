"""Languages by CLDR: a related variety comes before English, and the same script before another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_templates.formats import Formats
from relevo_templates.locales import best_locale, direction, formats_locale


@pytest.mark.parametrize(
    ("wanted", "available", "best"),
    [
        ("no", ["en", "nb"], "nb"),
        ("no", ["en", "nn"], "nn"),
        ("no", ["en", "nn", "nb"], "nb"),
        ("nb-NO", ["en", "no"], "no"),
        ("nn", ["en", "nb"], "nb"),
        ("pt-PT", ["en", "pt-BR"], "pt-BR"),
        ("pt-PT", ["pt-BR", "pt"], "pt"),
        ("pt-PT", ["pt-BR", "pt", "pt-PT"], "pt-PT"),
        ("pt-AO", ["pt-BR", "pt", "pt-PT"], "pt-PT"),
        ("pt", ["en", "pt-PT", "pt-BR"], "pt-PT"),
        ("zh-TW", ["en", "zh", "zh-Hant"], "zh-Hant"),
        ("zh-HK", ["en", "zh", "zh-TW"], "zh-TW"),
        ("zh-TW", ["en", "zh"], "zh"),
        ("zh-CN", ["en", "zh-Hant", "zh"], "zh"),
        ("sr-Latn", ["en", "sr", "sr-Latn-ME"], "sr-Latn-ME"),
        ("sr-Latn-RS", ["en", "sr"], "sr"),
        ("iw", ["en", "he"], "he"),
        ("he-IL", ["en", "iw"], "iw"),
        ("in_ID", ["en", "id"], "id"),
        ("es-AR", ["en", "es-ES", "es-MX"], "es-MX"),
        ("en-AU", ["en-US", "en-GB"], "en-GB"),
        ("de_CH", ["en", "de"], "de"),
        ("ES", ["en", "es"], "es"),
        ("da", ["en", "nb"], "en"),
        ("tlh", ["en", "tlh"], "tlh"),
        ("xx-nonsense", ["de", "en"], "en"),
        ("", ["de", "fr"], "de"),
    ],
)
def test_the_best_language(wanted: str, available: list[str], best: str) -> None:
    assert best_locale((wanted,), available) == best


def test_the_first_that_is_wanted_and_has_a_text_counts() -> None:
    assert best_locale(("fr", "es"), ["en", "es"]) == "es"
    with pytest.raises(KeyError):
        best_locale(("en",), [])


@pytest.mark.parametrize(
    ("text", "wanted", "formats"),
    [
        ("es", ("es-MX", "en"), "es-MX"),
        ("en", ("fr", "en-GB"), "en-GB"),
        ("zh", ("zh-TW",), "zh"),
        ("nb", ("no",), "no"),
        ("en", (), "en"),
    ],
)
def test_formats_follow_the_variety_of_the_reader(text: str, wanted: tuple[str, ...], formats: str) -> None:
    assert formats_locale(text, wanted) == formats


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_tag_and_any_zone_has_formats(tag: str, zone: str) -> None:
    formats = Formats(tag, zone)
    assert best_locale((tag,), ["en"]) == "en"
    assert formats.date("2026-03-06")
    assert formats.money({"amount": "1", "currency": "EUR"})


@pytest.mark.parametrize("zone", ["Europe", "US", "America", "Etc", "", "x" * 5000, "\0", "/etc/passwd", "../.."])
def test_what_is_no_zone_is_utc(zone: str) -> None:
    assert Formats("en", zone).time("2026-03-05T23:30:00Z").replace("\u202f", " ") == "11:30 PM"


@pytest.mark.parametrize("tag", ["ar", "ar-EG", "he", "iw", "fa_IR", "ur-PK", "az-Arab", "yi", "ckb"])
def test_languages_that_are_written_from_the_right(tag: str) -> None:
    assert direction(tag) == "rtl"


@pytest.mark.parametrize("tag", ["en", "es-MX", "zh-Hant", "az", "sd-Deva", "tlh", ""])
def test_all_others_are_written_from_the_left(tag: str) -> None:
    assert direction(tag) == "ltr"
