"""What a shop keeps of its customers in fields of its own: which of them are the birthday, the group, the language …"""

from collections.abc import Iterator, Mapping

from msgspec import structs

from relevo_contracts.payloads import CustomerChanged
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.notes import note

ATTRIBUTE = "attributes."
OF_BUYER = ("company", "country", "group", "locale", "timezone", "vat_number")
FIELDS = ("birthday", *OF_BUYER)
"""What a field of the shop can be, beside `attributes.<name>`."""
_LONGEST = 200


def is_field(name: str) -> bool:
    """Whether a field of the shop can be that."""
    return name in FIELDS or (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE))


def with_own_fields(
    payload: CustomerChanged, given: Mapping[str, object], wanted: Mapping[str, str]
) -> CustomerChanged:
    """The customer with what the shop's own fields say, by the shop's setting: what is wanted, to the name there.

    `given` are the values by the shop's names. One that can't be read is left out, with a note.
    """
    if not wanted:
        return payload
    found = dict(_values(given, wanted))
    attributes = {name.removeprefix(ATTRIBUTE): value for name, value in found.items() if name.startswith(ATTRIBUTE)}
    buyer = {name: value for name, value in found.items() if name in OF_BUYER}
    return structs.replace(
        payload,
        customer=structs.replace(payload.customer, **buyer),
        birthday=found.get("birthday", payload.birthday),
        attributes=payload.attributes | attributes,
    )


def _values(given: Mapping[str, object], wanted: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    for name, source in wanted.items():
        value = given.get(source)
        if value is None or value == "":
            continue
        if not isinstance(value, str | int | float):
            note(source, "is not a single value; it was left out")
            continue
        read = _read(name, value, source)
        if read is not None and read != "":
            yield name, read


def _read(name: str, value: str | int | float, source: str) -> object:
    if name.startswith(ATTRIBUTE):
        return normalise.text(value, _LONGEST) if isinstance(value, str) else value
    text = str(value)
    if name == "birthday":
        return fields.day(text, source)
    cleaned = {"country": normalise.country, "locale": normalise.locale, "timezone": normalise.timezone}.get(name)
    if cleaned is None:
        return normalise.text(text, _LONGEST)
    found = cleaned(text)
    if not found:
        note(source, f"is not a {name}; it was left out")
    return found
