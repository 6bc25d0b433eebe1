"""Which event types there are: the built-in ones, and those that a shop declares itself as `custom.<name>`.

A declared event becomes the same kind of type as a built-in payload, so that nothing which reads events has a second
way. `EventTypes` is a plain value that is handed on; there is no registry that somebody could change.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct

from relevo_contracts.declared import Declared
from relevo_contracts.payloads import EVENT_TYPES, CustomEvent

CUSTOM = "custom."
EventTypes = Mapping[str, type[Struct]]
"""The payload of each event type that may be named, by type."""

BUILT_IN: EventTypes = MappingProxyType(EVENT_TYPES)
"""What every shop has."""

ERASURES = ("customer.redacted", "shop.redacted")
"""The events that erase. They travel in clear, and carry nothing of the person but the key."""

_MENTION = re.compile(r"\bcustom\.[a-z0-9_]+")


def with_declared(declared: Iterable[Declared]) -> EventTypes:
    """The built-in types, and those that were declared."""
    return MappingProxyType({**EVENT_TYPES, **{one.name: one.payload for one in declared}})


def known_payload(event_type: str) -> type[Struct]:
    """The payload as far as every service knows it: of a declared event only its customer. Raises `KeyError`."""
    return CustomEvent if event_type.startswith(CUSTOM) else EVENT_TYPES[event_type]


def is_known(event_type: str) -> bool:
    """Whether every service knows at least whom an event of this type is about."""
    return event_type.startswith(CUSTOM) or event_type in EVENT_TYPES


def mentioned(texts: Iterable[str]) -> frozenset[str]:
    """Every `custom.<name>` that stands in `texts`, wherever it stands."""
    return frozenset(name for text in texts for name in _MENTION.findall(text))
