"""What an event must say beyond the types of its fields, so that something can follow from it."""

from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address

import msgspec
from msgspec import Struct

from relevo_contracts.payloads import ConsentChanged, CustomerMerged
from relevo_ingest.core.errors import FieldProblem


def missing_fields(payload: Struct, where: str) -> list[FieldProblem]:
    """What is missing in a payload that is right by its types, or says what it must not."""
    return [(f"{where}.{name}", problem) for name, problem in (*_empty(payload), *_of_kind(payload))]


def _empty(payload: Struct) -> Iterator[FieldProblem]:
    """Required text that says nothing: without its number an order can't be told from any other."""
    for name, encoded in _required(type(payload)):
        if getattr(payload, name) == "":
            yield encoded, "is empty"


@cache
def _required(payload: type[Struct]) -> tuple[tuple[str, str], ...]:
    """The required fields of a payload, and their names in JSON. Remembered: annotations are slow to read."""
    return tuple((one.name, one.encode_name) for one in msgspec.structs.fields(payload) if one.required)


def _of_kind(payload: Struct) -> Iterator[FieldProblem]:
    match payload:
        case CustomerMerged(merged=[]):
            yield "merged", "is empty: it names the customers that were joined into the kept one"
        case ConsentChanged(state="restored", undoes=None):
            yield "undoes", "is missing: 'restored' lifts the withdrawal of that instant"
        case ConsentChanged(ip_hash=text) if _is_address(text):
            yield "ip_hash", "is an IP address, which is not kept: send a hash of it, or leave it out"
        case _:
            return


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip())
    except ValueError:
        return False
    return True
