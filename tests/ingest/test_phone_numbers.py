"""Numbers that one pattern calls valid are what the library calls valid, written as the library writes them."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberFormat

from relevo_ingest.core.e164 import KINDS, plainly_valid

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)


def _examples() -> list[tuple[int, str, str]]:
    """Of each country and kind a calling code, the national prefix, and a number."""
    found = []
    for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        for country in filter(None, (PhoneMetadata.metadata_for_region(region, None) for region in regions)):
            for known in filter(None, (getattr(country, kind) for kind in KINDS)):
                if known.example_number:
                    found.append((code, country.national_prefix or "", known.example_number))
    return found


EXAMPLES = _examples()


REGIONS = ["", "XX", *sorted(region for regions in COUNTRY_CODE_TO_REGION_CODE.values() for region in regions)]


def _of_the_library(written: str, region: str) -> str:
    try:
        number = phonenumbers.parse(written, region or None)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else ""


@st.composite
def _nearly_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number of some country, seen from a region: with digits changed, missing or added, prefixes, and signs."""
    code, prefix, number = draw(st.sampled_from(EXAMPLES))
    digits = list(number)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(digits) - 1))
        digits[place] = draw(st.sampled_from((*"0123456789", "", "-1", " 2", ") 3", ".4", "(5", "- 6")))
    start = draw(
        st.sampled_from((f"+{code}", f"+{code} ", f"+{code} (0)", str(code), f"00{code}", f"011{code}", "", "("))
    )
    tail = draw(st.sampled_from(("", "", "", "1", "00")))
    region = draw(st.sampled_from(COUNTRY_CODE_TO_REGION_CODE[code]) | st.sampled_from(REGIONS))
    return f"{start}{draw(st.sampled_from(('', '', prefix)))}{''.join(digits)}{tail}", region


@given(_nearly_numbers())
@settings(max_examples=3_000, deadline=None)
def test_what_is_plainly_valid_is_what_the_library_says(written: tuple[str, str]) -> None:
    assert plainly_valid(*written) in {"", _of_the_library(*written)}


@given(st.text("+0123456789 ()-.x٣", max_size=18), st.sampled_from(REGIONS))
@example("+", "US")
@example("", "")
@settings(max_examples=1_000, deadline=None)
def test_whatever_is_written_the_library_says_the_same(written: str, region: str) -> None:
    assert plainly_valid(written, region) in {"", _of_the_library(written, region)}


def test_the_example_numbers_of_the_library_are_read_as_the_library_reads_them() -> None:
    written = [f"+{code}{number}" for code, _, number in EXAMPLES]
    plain = {one: found for one in written if (found := plainly_valid(one, ""))}
    assert plain == {one: _of_the_library(one, "") for one in plain}
    assert len(plain) > len(written) / 2


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+12025550123", "", "+12025550123"),
        ("+1 202-555-0123", "DE", "+12025550123"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("+4915123456789", "", "+4915123456789"),
        ("+447400123456", "", "+447400123456"),
        ("612 34 56 78", "ES", "+34612345678"),
    ],
)
def test_plain_numbers_of_large_countries_need_no_library(written: str, region: str, number: str) -> None:
    assert plainly_valid(written, region) == number


@pytest.mark.parametrize("code", CODES)
def test_every_calling_code_can_be_asked_for(code: int) -> None:
    assert plainly_valid(f"+{code}0000000", "") == ""
