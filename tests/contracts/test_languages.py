"""Languages and countries in one form, however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.currencies import decimals
from relevo_contracts.languages import country, language


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("en_US.UTF-8", "en-US"),
        ("EN-us", "en-US"),
        ("zh_Hant_TW", "zh-Hant-TW"),
        ("zh-cht", "zh-Hant"),
        ("zh-cmn-Hans-CN", "zh-Hans-CN"),
        ("iw", "he"),
        ("in_ID", "id-ID"),
        ("no", "no"),
        ("nb-NO", "nb-NO"),
        ("sh", "sr-Latn"),
        ("sr_RS@latin", "sr-Latn-RS"),
        ("spa", "es"),
        ("es-419", "es-419"),
        ("en-UK", "en-GB"),
        ("de-DE-1996", "de-DE"),
        ("ca-valencia", "ca"),
        ("en-u-hc-h12", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        (" fr ", "fr"),
    ],
)
def test_languages(written: str, tag: str) -> None:
    assert language(written) == tag


@pytest.mark.parametrize(
    "written", [None, "", "C", "POSIX", "garbage", "English", "xx", "e", "\ud800", "a" * 1000, "*"]
)
def test_what_is_no_language(written: str | None) -> None:
    assert language(written) == ""


@given(st.text(max_size=20) | st.from_regex(r"[a-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}", fullmatch=True))
def test_a_tag_is_its_own_form(written: str) -> None:
    found = language(written)
    assert language(found) == found


@pytest.mark.parametrize(("written", "code"), [("es", "ES"), (" USA", "US"), ("UK", "GB"), ("Spain", ""), (None, "")])
def test_countries(written: str | None, code: str) -> None:
    assert country(written) == code


def test_decimals_of_currencies() -> None:
    assert [decimals(code) for code in ("EUR", "JPY", "KWD", "CLF", "")] == [2, 0, 3, 4, 2]
