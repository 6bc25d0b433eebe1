"""Which entries of a content block a message shows: by language, day and category, the same for the same run."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct, structs

from relevo_contracts.content import Block, Entry, ShownBlock
from relevo_templates.locales import best_locale, same_language

COMPILED_BLOCKS = "compiled/blocks.json"
"""The file in which a definition keeps the blocks that its templates show, in compiled form."""


class Occasion(Struct, frozen=True):
    """For what a message is rendered: its run, when it goes out, and the content by name that there is then."""

    run: str
    at: datetime
    content: Mapping[str, Block]


def categories_of(text: str) -> frozenset[str]:
    """The categories that a text names, separated by commas; upper and lower case are the same."""
    return frozenset(filter(None, (one.strip().casefold() for one in text.split(","))))


def chosen(
    block: Block, shown: ShownBlock, wished: Iterable[str], locale: str, *, day: date, run: str
) -> tuple[Entry, ...]:
    """The entries that a template shows, in the order of the file; none if nothing fits.

    Those fit that have texts in the language of `locale` and are shown on `day`. Where the template names a category,
    entries of a `wished` one come first, then those that go with everything. Of equals a hash of the run and the entry
    decides, and a template takes up where the others of its workflow end.
    """
    fitting = [one for one in block.entries if one.is_shown_on(day) and _texts_in(one, locale)]
    ranked = sorted(fitting, key=lambda one: sha256(f"{run}/{block.name}/{one.id}".encode()).digest())
    groups: tuple[list[Entry], ...] = (ranked,)
    if shown.category:
        names = frozenset(wished)
        groups = ([e for e in ranked if names & set(e.categories)], [e for e in ranked if not e.categories])
    found = [one for group in groups for one in _from(group, shown.skip)][: shown.count]
    return tuple(one for one in block.entries if one in found)


def block_row(block: Block, entries: Sequence[Entry], locale: str) -> dict[str, Any]:
    """What a layout sees of a block: its `name`, `title` and `entries`, in the language nearest to `locale`."""
    title = block.title[best_locale((locale,), block.title)] if block.title else ""
    return {"name": block.name, "title": title, "entries": [_entry_row(one, locale) for one in entries]}


def _entry_row(entry: Entry, locale: str) -> dict[str, str]:
    texts = entry.locales[best_locale((locale,), _texts_in(entry, locale))]
    return {"id": entry.id, "link": entry.link, "image": entry.image, **structs.asdict(texts)}


def _texts_in(entry: Entry, locale: str) -> list[str]:
    """Its locales that whoever reads `locale` reads."""
    return [tag for tag in entry.locales if same_language(locale, tag)]


def _from(group: list[Entry], skip: int) -> list[Entry]:
    """The group from the entry `skip` on, round to the one before it."""
    start = skip % len(group) if group else 0
    return group[start:] + group[:start]
