"""Tags of languages and codes of countries in one form each, however they were written; what is neither is unknown."""

import re
from functools import lru_cache

from relevo_contracts.language_codes import COUNTRY_ALIASES, LANGUAGE_ALIASES, LANGUAGES

_LONGEST = 100
_REMEMBERED = 1024
_TAG = re.compile(r"[A-Za-z0-9]{1,8}(?:[-_][A-Za-z0-9]{1,8})*", re.ASCII)
_SCRIPT_OF_MODIFIER = {"latin": "Latn", "cyrillic": "Cyrl"}
_SCRIPT_OF_CHINESE = {"cht": "Hant", "chs": "Hans"}  # the names of Windows before there were tags for scripts


def language(value: str | None) -> str:
    """The BCP 47 tag (language, script, region) that `value` means: `es-ES`, `zh-Hans-CN`; empty if it means none.

    It takes POSIX locales (`en_US.UTF-8`, `sr_RS@latin`), the first of an `Accept-Language` list, deprecated and
    three-letter codes (`iw`, `spa`); variants and extensions are left out.
    """
    return _language(value) if value and len(value) <= _LONGEST else ""


@lru_cache(_REMEMBERED)
def _language(value: str) -> str:
    written = value.strip().partition(",")[0].partition(";")[0]
    name, _, modifier = written.partition("@")
    tag = name.partition(".")[0].strip()
    if not _TAG.fullmatch(tag):
        return ""
    first, *rest = re.split("[-_]", tag)
    known = _known_language(first.lower())
    if not known:
        return ""
    language_code, *implied = known.split("-")
    script, region = _script_and_region(rest)
    script = script or _SCRIPT_OF_MODIFIER.get(modifier.lower(), "")
    for part in implied:
        script, region = (script or part, region) if len(part) == 4 else (script, region or part)
    return "-".join(filter(None, (language_code, script, region)))


def country(value: str | None) -> str:
    """The ISO 3166-1 alpha-2 code that `value` means (`ES`, also for `ESP`); empty if it has not the form of one."""
    return _country(value) if value and len(value) <= _LONGEST else ""


@lru_cache(_REMEMBERED)
def _country(value: str) -> str:
    code = value.strip().upper()
    if not (code.isascii() and code.isalpha() and len(code) in (2, 3)):
        return ""
    code = COUNTRY_ALIASES.get(code, code)
    return code if len(code) == 2 else ""


def _known_language(code: str) -> str:
    return LANGUAGE_ALIASES.get(code) or (code if code in LANGUAGES else "")


def _script_and_region(parts: list[str]) -> tuple[str, str]:
    """The script and the region among the parts behind the language, where there are any."""
    script = ""
    for part in parts:
        if len(part) == 1:  # the beginning of an extension
            break
        if len(part) == 4 and part.isalpha() and not script:
            script = part.capitalize()
        elif part.lower() in _SCRIPT_OF_CHINESE and not script:
            script = _SCRIPT_OF_CHINESE[part.lower()]
        elif (len(part) == 2 and part.isalpha()) or (len(part) == 3 and part.isdigit()):
            return script, COUNTRY_ALIASES.get(part.upper(), part.upper())
    return script, ""
