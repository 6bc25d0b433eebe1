"""What the customer of a test said about purposes other than marketing: `topics: {email/newsletter: granted}`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from relevo_contracts.contact import CHANNELS

_EXAMPLE = "topics: {email/newsletter: granted}"


def read_topics(
    given: object, contact: Mapping[str, Any], at: datetime, wrong: Callable[[str, str], None]
) -> dict[str, Any]:
    """The statements as `Contact.topics` has them, each for the contact's own address and as of `at`."""
    if given is not None and not isinstance(given, dict):
        wrong("'topics' of a customer must be a mapping", _EXAMPLE)
    found: dict[str, Any] = {}
    for name, state in given.items() if isinstance(given, dict) else ():
        channel = str(name).partition("/")[0]
        if channel not in CHANNELS or "/" not in str(name):
            wrong(f"'{name}' is not a channel and a purpose", _EXAMPLE)
        address = {"email": contact.get("email", ""), "push": ""}.get(channel, contact.get("phone", ""))
        found[f"{name}:{address}"] = {"state": state, "at": at}
    return found
