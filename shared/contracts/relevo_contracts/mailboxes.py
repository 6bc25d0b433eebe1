"""Who a mail comes from, as people write it: `Acme, Inc. <a@example.com>`, with or without the quotes of RFC 5322."""

import re

_IN_BRACKETS = re.compile(r"(.*)<\s*([^<>]*?)\s*>[^<>]*", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def read_mailbox(written: str) -> tuple[str, str]:
    """The name and the address of `Name <address>`, or no name and the address alone. It never raises.

    A name may have commas, colons and quotes that RFC 5322 wants inside of quotes: nobody who fills in a form knows.
    """
    found = _IN_BRACKETS.fullmatch(written.strip())
    if found is None:
        return "", written.strip()
    name, address = found[1].strip(), found[2]
    quoted = _QUOTED.fullmatch(name)
    return (_ESCAPED.sub(r"\1", quoted[1]) if quoted else name), address


def masked(address: str) -> str:
    """As much of an address or number as its owner needs to know it: `a•••@example.com`, `•••23`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at else f"•••{address[-2:]}" if address else ""
