"""What is given of someone on the staff, checked; and what a list shows of them."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_args

from relevo_cli.errors import CommandError
from relevo_contracts.languages import language
from relevo_contracts.staff import Absence, Member, Shift, StaffChannel
from relevo_contracts.zones import zone_name

_SECRET = re.compile(r"[A-Z][A-Z0-9_]*")
_LEVEL = re.compile(r"[1-5]")
ValueT = TypeVar("ValueT")


def member_fields(**given: Any) -> dict[str, Any]:
    """The fields of a member that are given (not `None`). Raises `CommandError`, which says what would be right."""
    found = {name: value for name, value in given.items() if value is not None}
    fields: dict[str, Any] = {name: value for name, value in found.items() if name not in _READERS}
    for name, read in _READERS.items():
        if name in found:
            fields |= read(found[name])
    return fields


def _skills(given: Sequence[str]) -> dict[str, Any]:
    pairs = [one.rpartition(":") if ":" in one else (one, "", "1") for one in given if one]
    wrong = next((f"{name}:{level}" for name, _, level in pairs if not name or not _LEVEL.fullmatch(level)), "")
    if wrong:
        raise CommandError(f"--skill {wrong!r}: a level is from 1 to 5: --skill warehouse:3")
    return {
        "skills": [name for name, _, _ in pairs],
        "levels": {name: int(level) for name, colon, level in pairs if colon},
    }


def _channels(given: Sequence[str]) -> dict[str, Any]:
    known = get_args(StaffChannel)
    if wrong := [one for one in given if one and one not in known]:
        raise CommandError(f"--channel {wrong[0]!r}: one of {', '.join(known)}")
    return {"channels": [one for one in given if one]}


def _secret(option: str) -> Callable[[str], dict[str, Any]]:
    def read(given: str) -> dict[str, Any]:
        if given and not _SECRET.fullmatch(given):
            raise CommandError(
                f"--{option} names a secret, not an address: put the address into RELEVO_CALL_SECRET_{option.upper()}"
                f" of the notifier, and give --{option} {option.upper()}"
            )
        return {option: given}

    return read


def _locale(given: str) -> dict[str, Any]:
    if given and not language(given):
        raise CommandError(f"--locale {given!r} is not a language: en, es, it, pt-BR")
    return {"locale": given}


def _zone(given: str) -> dict[str, Any]:
    if given and not zone_name(given):
        raise CommandError(f"--timezone {given!r} is not a time zone: write it like Europe/Madrid")
    return {"timezone": zone_name(given)}


def _each(field: str, read: Callable[[str], ValueT], keep: Callable[[str, ValueT], Any]) -> Any:
    def each(given: Sequence[str]) -> dict[str, Any]:
        try:
            return {field: [keep(one, read(one)) for one in given if one]}
        except ValueError as error:
            raise CommandError(str(error)) from error

    return each


_READERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "skill": _skills,
    "role": lambda given: {"roles": [one for one in given if one]},
    "channel": _channels,
    "slack": _secret("slack"),
    "teams": _secret("teams"),
    "locale": _locale,
    "timezone": _zone,
    "hours": _each("hours", Shift.read, lambda text, _: " ".join(text.lower().split())),
    "absent": _each("absences", Absence.read, lambda _, absence: absence),
}


def staff_row(one: Member) -> tuple[str, ...]:
    """One of the staff as a row of the list; of webhooks the names of their secrets alone."""
    heard = ", ".join(f"{channel} {address}" for channel, address in one.wanted())
    skills = ", ".join(f"{skill} {one.levels[skill]}" if skill in one.levels else skill for skill in one.skills)
    works = "; ".join([*one.hours, *(f"absent {absence}" for absence in one.absences)])
    away = "" if one.active else "away"
    most = f"at most {one.capacity} tasks" if one.capacity else ""
    state = ", ".join(filter(None, (away, most)))
    return (one.shop, one.name, heard, skills, ", ".join(one.roles), works, state)
