"""What a shop chooses of the library, checked."""

import re
from collections.abc import Collection

from msgspec import Struct

from relevo_cli.errors import CommandError
from relevo_cli.shop_repository.tones import TONES
from relevo_workflow import suggestion

LANGUAGES = ("en", "es", "it")
"""In which the texts of the library are written."""
FALLBACK = "en"
"""What whoever reads none of the others gets, and `relevo check --strict` asks for."""
OTHERS = ("de", "fr", "pt")
"""In which the layouts have words as well."""
NO_TONE = "none"
"""The mails greet nobody, as those of the library."""
_HOURS = re.compile(r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")


class Limits(Struct, frozen=True):
    """How much marketing a customer gets at most, and in which hours nothing: `21:00-08:00`."""

    a_day: int = 2
    a_week: int = 5
    quiet_hours: str = "21:00-08:00"

    @property
    def quiet(self) -> tuple[str, str]:
        """When the quiet hours begin and end."""
        begin, _, end = self.quiet_hours.partition("-")
        return begin, end


class Choices(Struct, frozen=True):
    """A shop, and what it takes. `flows` are in order; none chosen are all that its platform can start.

    `tone` is how its mails greet and take leave: one of `TONES`, or none.
    """

    shop: str
    platform: str
    languages: tuple[str, ...] = LANGUAGES
    flows: tuple[str, ...] = ()
    limits: Limits = Limits()
    tone: str = NO_TONE


def check_languages(given: str) -> tuple[str, ...]:
    """The languages of a list with commas, in the library's order, the fallback among them."""
    chosen = {_known(one, LANGUAGES, "language of the library") for one in listed(given)}
    if not chosen:
        raise CommandError(f"no language is chosen: name some of {', '.join(LANGUAGES)}")
    return tuple(one for one in LANGUAGES if one in chosen | {FALLBACK})


def check_flows(given: str, known: Collection[str]) -> tuple[str, ...]:
    """The flows of a list with commas; `all` is none in particular."""
    names = listed(given)
    if names in ([], ["all"]):
        return ()
    chosen = {_known(one, known, "workflow of the library") for one in names}
    return tuple(one for one in known if one in chosen)


def check_tone(given: str) -> str:
    """A tone by its name."""
    return _known(given.strip(), (*TONES, NO_TONE), "tone")


def check_limits(limits: Limits) -> Limits:
    """The limits. Raises `CommandError` for those that say nothing."""
    if limits.a_day < 1 or limits.a_week < limits.a_day:
        raise CommandError(
            f"{limits.a_day} a day and {limits.a_week} a week: at least one a day, and no fewer a week than a day"
        )
    if not _HOURS.match(limits.quiet_hours) or len(set(limits.quiet)) == 1:
        raise CommandError(f"{limits.quiet_hours!r} are not quiet hours: two times of day, such as 21:00-08:00")
    return limits


def listed(given: str) -> list[str]:
    """The words of a list with commas."""
    return [one.strip() for one in given.split(",") if one.strip()]


def _known(name: str, known: Collection[str], what: str) -> str:
    if name not in known:
        near = suggestion(name, known)
        advice = near if near.startswith("did you mean") else f"there are {', '.join(known)}"
        raise CommandError(f"there is no {what} {name!r}: {advice}")
    return name
