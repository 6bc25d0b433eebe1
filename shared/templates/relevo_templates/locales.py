"""Which language fits best, by CLDR: its aliases, likely scripts and parents (https://unicode.org/reports/tr35/).

Tags are BCP 47 (`pt-PT`) or with underscores, in any case.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from relevo_contracts.languages import language

_KIN = {"nb": "no", "nn": "no"}
"""Languages whose readers read each other: bokmål and nynorsk, both of which shops call `no`."""
_LONGEST = 35
"""Characters of a tag that are looked at (RFC 5646 section 4.4.1)."""
_OTHER_VARIETY, _OTHER_LANGUAGE, _OTHER_SCRIPT = 50, 200, 400
"""How far away these are; the steps from a locale to its parents count one each."""


def best_locale(wanted: Sequence[str], available: Iterable[str]) -> str:
    """The one of `available` that serves the first of `wanted` that has any; then `en`; then the first there is.

    A variety of the same language is better than English, in the same script better than in another: `pt-PT` takes
    `pt-PT`, `pt`, `pt-BR` in this order, `zh-TW` takes `zh-Hant` before `zh`, `no` takes `nb`. Raises `KeyError` if
    nothing is available.
    """
    found = _best(tuple(wanted), tuple(available))
    if found is None:
        raise KeyError("there is no language to choose from")
    return found


@lru_cache(maxsize=4096)
def _best(wanted: tuple[str, ...], available: tuple[str, ...]) -> str | None:
    for tag in (*filter(None, wanted), "en"):
        if tag in available:
            return tag
        ranked = [(rank, number) for number, one in enumerate(available) if (rank := _distance(tag, one)) is not None]
        if ranked:
            return available[min(ranked)[1]]
    return available[0] if available else None


def same_language(one: str, other: str) -> bool:
    """Whether whoever reads `one` reads `other`: varieties of one language in one script."""
    distance = _distance(one, other)
    return distance is not None and distance < _OTHER_LANGUAGE


def language_of_country(code: str) -> str:
    """The tag of the language that most people of a country read (`en-GB` of `gb`); empty for no country's code."""
    country = code.upper()
    if country not in Locale("en").territories:
        return ""
    # English is what CLDR supposes where its data say nothing else.
    likely = get_global("likely_subtags").get(f"und_{country}", f"en_{country}")
    return "-".join(part for part in likely.split("_") if len(part) != 4)


@lru_cache(maxsize=4096)
def formats_locale(text_locale: str, wanted: tuple[str, ...]) -> str:
    """The locale that a text's formats follow: the first of `wanted` that is a variety of its language (`es-MX`)."""
    for tag in filter(None, wanted):
        distance = _distance(text_locale, tag)
        if distance is not None and distance < _OTHER_LANGUAGE and known_locale(tag) is not None:
            return tag
    return text_locale


@lru_cache(maxsize=4096)
def known_locale(tag: str) -> Locale | None:
    """The CLDR locale of a tag, with what is not known of it left out (`es-ZZ` is `es`); `None` for no language."""
    parts = (language(tag) or tag[:_LONGEST]).replace("_", "-").split("-")
    while parts:
        try:
            return Locale.parse("-".join(parts), sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            parts.pop()
    return None


def direction(tag: str) -> Literal["ltr", "rtl"]:
    """Which way a language is written, by CLDR, its script included (`az-Arab`), as the `dir` of HTML names it."""
    found = known_locale(tag)
    return "rtl" if found is not None and found.character_order == "right-to-left" else "ltr"


def _distance(wanted: str, offered: str) -> int | None:
    """How well `offered` serves who wants `wanted`, 0 the best; `None` if they are different languages."""
    ours, theirs = known_locale(wanted), known_locale(offered)
    if ours is None or theirs is None:
        # A language that CLDR has no data of, such as a constructed one: by its own name.
        return 1 if _language(wanted) == _language(offered) else None
    if _KIN.get(ours.language, ours.language) != _KIN.get(theirs.language, theirs.language):
        return None
    nynorsk = "nn" in (ours.language, theirs.language)
    distance = _OTHER_LANGUAGE if ours.language != theirs.language and nynorsk else 0
    if _script(ours) != _script(theirs):
        distance += _OTHER_SCRIPT
    return distance + _steps(list(_lineage(str(ours))), list(_lineage(str(theirs))))


def _steps(ours: list[str], theirs: list[str]) -> int:
    """From our locale up to theirs; or to the first ancestor of both."""
    if theirs[0] in ours:
        return ours.index(theirs[0])
    return _OTHER_VARIETY + next((at for at, name in enumerate(ours) if name in theirs), len(ours))


def _lineage(name: str) -> Iterator[str]:
    """A locale and its parents in CLDR, up to its language (`pt_AO`, `pt_PT`, `pt`)."""
    parents = get_global("parent_exceptions")
    while name and name != "root":
        yield name
        name = parents.get(name) or name.rpartition("_")[0]


def _script(locale: Locale) -> str:
    if locale.script:
        return str(locale.script)
    likely = get_global("likely_subtags")
    full = likely.get(str(locale)) or likely.get(str(locale.language)) or ""
    return next((part for part in full.split("_") if len(part) == 4), "")


def _language(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()
