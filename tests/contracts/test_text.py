"""Text, addresses and numbers as people and systems write them: what is seen stays, what nobody sees goes."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.text import clean, mail_text, phone_text

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"  # its zero width non-joiner is spelling

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=60) | st.text(
    st.sampled_from("a\ud83d\ude00\x00\ufffe\ufeff\u200b\u200d\u202e\u202a\u202c\u2066\u2069\u00a0\u3164\r\n \u0085"),
    max_size=20,
)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (None, ""),
        ("  Ana\u00a0", "Ana"),
        ("cut emoji \ud83d", "cut emoji"),
        ("a\x00b\x1bc\x9fd", "abcd"),
        ("U\ufffeF\uffff\U0001fffe\ufdd0", "UF"),
        ("\ufeffname\u200b", "name"),
        ("one\r\ntwo\u2028three\x85four\tfive", "one\ntwo\nthree\nfour\tfive"),
        (FAMILY, FAMILY),
        (SCOTLAND, SCOTLAND),
        (PERSIAN, PERSIAN),
        ("\u05e9\u05dc\u05d5\u05dd \u200e(1)", "\u05e9\u05dc\u05d5\u05dd \u200e(1)"),
        ("\u3164", ""),
        ("\u2067\u05d0\u2069 b", "\u2067\u05d0\u2069 b"),
        ("x \u2067never closed", "x never closed"),
        ("x \u202eesrever\u202c", "x esrever"),
    ],
)
def test_ordinary_text(written: str | None, right: str) -> None:
    assert clean(written) == right


@pytest.mark.parametrize(
    "written",
    [
        "\ufeffana@example.com\u200b",
        "Ana@Example.COM",
        "an\u00ada@exam\u2060ple.com",
        "\u202aana@example.com\u202c",
        "\u00a0ana@example.com\u3000",
        "mailto:ana@example.com?subject=Hi",
        "MAILTO:ana%40example.com",
        "Ana <ana@example.com>",
        "<mailto:ana@example.com>",
        "\uff41\uff4e\uff41\uff20\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff43\uff4f\uff4d",
        "ana@example\u3002com",
        "ana@example.com\x00",
    ],
)
def test_e_mail_addresses(written: str) -> None:
    assert mail_text(written) == "ana@example.com"


def test_an_address_has_one_form_however_its_domain_is_written() -> None:
    assert mail_text("ana@xn--bcher-kva.example") == mail_text("Ana@B\u00dcCHER.example") == "ana@b\u00fccher.example"
    assert mail_text("ana@xn--.example") == "ana@xn--.example"


def test_an_address_has_one_form_however_its_accents_are_composed() -> None:
    assert mail_text("jose\u0301@example.com") == mail_text("jos\u00e9@example.com")


@pytest.mark.parametrize(
    "written",
    [
        "\u202a+1 212-555-0123\u202c",
        "+1\u00a0212\u2011555\u20130123",
        "tel:+1-212-555-0123",
        "tel:%2B12125550123;ext=7",
        "<tel:+12125550123>",
        "\uff0b\uff11\uff12\uff11\uff12\uff15\uff15\uff15\uff10\uff11\uff12\uff13",
        "+\u0661\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0662\u0663",
        "+1\u2212212\u22125550123\u200f",
    ],
)
def test_phone_numbers(written: str) -> None:
    found = phone_text(written)
    assert found.isascii()
    assert found.startswith("+")
    assert "".join(filter(str.isdigit, found)) == "12125550123"


@given(ANYTHING, st.integers(1, 80))
def test_what_is_cleaned_can_be_stored_and_is_clean(written: str, limit: int) -> None:
    found = clean(written, limit)
    assert len(found) <= limit
    assert clean(found, limit) == found
    assert json.loads(json.dumps(found, ensure_ascii=False).encode()) == found
    assert not {unicodedata.category(char) for char in found if char not in "\n\t"} & {"Cc", "Cs"}
    assert "\ufffe" not in found


@given(ANYTHING)
def test_addresses_and_numbers_of_anything_have_nothing_unseen(written: str) -> None:
    for found in (mail_text(written), phone_text(written)):
        assert found == found.strip()
        assert found.encode().decode() == found
        assert not set(found) & set("\x00\u200b\u202a\ufeff\u00ad\u2060")
