"""Days without a time: birthdays. Shops write `0000-00-00` where there is none."""

from datetime import date

from relevo_ingest.core.fields import Text
from relevo_ingest.core.notes import note

_DAY = 10


def day(text: Text, where: str) -> date | None:
    """The day of a text that begins with one (`1988-04-12`); if there is none, a note says so."""
    if not text or text.startswith("0000"):
        return None
    try:
        return date.fromisoformat(text.strip()[:_DAY])
    except ValueError:
        note(where, f"{text[:40]!r} is not a day; it was left out")
        return None
