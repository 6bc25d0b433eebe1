"""Phone numbers that are plainly valid, told by one pattern of each calling code.

The library takes a tenth of a millisecond for a number: it looks for extensions, carriers and national prefixes before
it asks whether the number is valid. Most numbers have none of these: then the library's own metadata answers at once.
Whatever this doesn't say yes to is the library's to decide.
"""

import re
from collections.abc import Iterable
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

_WRITTEN = re.compile(r"(?:\+\d|\(?\d)[\d ().-]{5,20}", re.ASCII)
_BETWEEN = str.maketrans("", "", "+ ().-")
_LONGEST_CODE = 3
_NOBODY = re.compile(r"(?!)")
KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
          "voicemail")  # fmt: skip
"""The kinds of numbers that a country may have."""


def plainly_valid(written: str, region: str) -> str:
    """`written` in E.164, if it is plainly valid, seen from `region`; empty if the library has to decide."""
    if not _WRITTEN.fullmatch(written):
        return ""
    digits = written.translate(_BETWEEN)
    if written[0] != "+":
        code = _code_of(region)
        return f"+{code}{digits}" if code and _valid(code, at_home=True).fullmatch(digits) else ""
    for length in range(1, 1 + _LONGEST_CODE):  # no calling code begins with another one
        code = int(digits[:length])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            return f"+{digits}" if _valid(code, at_home=False).fullmatch(digits, length) else ""
    return ""


@cache
def _code_of(region: str) -> int:
    """The calling code of which `region` is the first country; 0 if there is none."""
    return next((code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions[0] == region), 0)


@cache
def _valid(code: int, *, at_home: bool) -> re.Pattern[str]:
    """What follows this calling code in the numbers of its first country, where no prefix may have to be taken away.

    `at_home`, where calls abroad have a prefix of their own. A country that has not the first word on a code that it
    shares is left to the library.
    """
    country = PhoneMetadata.metadata_for_region(COUNTRY_CODE_TO_REGION_CODE[code][0], None)
    if country is None or country.leading_digits is not None:
        return _NOBODY
    prefixes = [country.national_prefix_for_parsing, country.international_prefix if at_home else None]
    unprefixed = "".join(rf"(?!{prefix})" for prefix in prefixes if prefix)
    kinds = "|".join(_patterns(getattr(country, kind) for kind in KINDS))
    every = "".join(_patterns([country.general_desc]))
    return re.compile(rf"(?!0){unprefixed}(?=(?:{every})\Z)(?:{kinds})", re.ASCII) if kinds and every else _NOBODY


def _patterns(kinds: Iterable[PhoneNumberDesc | None]) -> list[str]:
    """A pattern for each kind of number that the country has; the lengths are a part of it."""
    found = []
    for kind in kinds:
        if kind is not None and kind.national_number_pattern:
            lengths = "|".join(f".{{{length}}}" for length in kind.possible_length)
            found.append(rf"(?=(?:{lengths})\Z)(?:{kind.national_number_pattern})")
    return found
