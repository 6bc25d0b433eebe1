"""Content that the templates of several workflows share, in compiled form: blocks of entries, chosen for each message.

Texts are plain, without Liquid. A locale is a BCP 47 tag.
"""

from datetime import date

from msgspec import Struct


class EntryTexts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry in one language. `by`: who said it; `more`: the words of its link; `alt`: what its image shows."""

    title: str = ""
    text: str = ""
    by: str = ""
    more: str = ""
    alt: str = ""


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One testimonial, guide, video, link … from its first day `since` to its last day `until`, both inclusive.

    `categories` are in lower case; one without any goes with everything.
    """

    id: str
    locales: dict[str, EntryTexts]
    categories: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    link: str = ""
    image: str = ""

    def is_shown_on(self, day: date) -> bool:
        """Whether `day` is one of its days."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Block(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `blocks/<name>.yaml` holds: a heading in each language, and the entries in the order of the file."""

    name: str
    entries: tuple[Entry, ...]
    title: dict[str, str] = {}


class ShownBlock(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A block that a template shows: at most `count` entries of the categories that `category` (Liquid) names.

    `skip` is how many entries of the block other templates of the workflow show, so that the next mail has others.
    """

    block: str
    count: int = 1
    category: str = ""
    skip: int = 0
