"""Which workflows of the library a platform can start, and which of them need each other."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from relevo_cli.commands.shop_checks import CUSTOM
from relevo_contracts.payloads import EVENT_TYPES, SAID_BY_RELEVO
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.storefront.hits import STOREFRONT_EVENTS
from relevo_workflow import Definition, EmitStep, EventTrigger, ManualTrigger, StartStep


class Plan(Struct, frozen=True):
    """The flows to write, those that were added because others start them, and those that nothing would start.

    `missing` are, by flow, the events that it knows and nobody delivers; `unheard` those that it reports to nobody.
    """

    flows: tuple[str, ...]
    added: dict[str, str]
    left_out: dict[str, list[str]]
    missing: dict[str, list[str]]
    unheard: dict[str, list[str]]


def plan_of(library: Mapping[str, Definition], platform: str, chosen: Collection[str]) -> Plan:
    """What of the library is written for a shop of this platform; of nothing chosen whatever can be started.

    A flow that was named is written even if nothing delivers what starts it: a system of the shop may.
    """
    delivered = _delivered(platform)
    wanted = set(chosen) or _startable(library, delivered)
    added = _added_to(library, wanted)
    flows = tuple(name for name in library if name in wanted or name in added)
    heard = delivered.union(*(_reports(library[name]) for name in flows))
    missing = {name: sorted(library[name].event_types - heard) for name in flows}
    listened = frozenset[str]().union(*(library[name].event_types for name in flows))
    unheard = {name: sorted(_reports(library[name]) - listened) for name in flows}
    left_out = {name: sorted(one.trigger_types) for name, one in library.items() if not chosen and name not in flows}
    return Plan(flows, added, left_out, _filled(missing), _filled(unheard))


def can_start(definition: Definition, heard: Collection[str]) -> bool:
    """Whether one of its triggers comes by itself: an event that is heard, or a date."""
    return any(
        one.event in heard if isinstance(one, EventTrigger) else not isinstance(one, ManualTrigger)
        for one in definition.triggers
    )


def started_by(definition: Definition) -> list[str]:
    """The workflows that its steps start."""
    return [step.workflow for step in definition.program.steps.values() if isinstance(step, StartStep)]


def _delivered(platform: str) -> frozenset[str]:
    if platform == CUSTOM:
        return frozenset(EVENT_TYPES) | STOREFRONT_EVENTS | SAID_BY_RELEVO
    made = CONNECTORS[platform].events_by_topic.values()
    return frozenset(STOREFRONT_EVENTS | SAID_BY_RELEVO).union(*made)


def _startable(library: Mapping[str, Definition], delivered: frozenset[str]) -> set[str]:
    """Whatever can start by what is delivered, or by what one of those reports."""
    found: set[str] = set()
    while True:
        heard = delivered.union(*(_reports(library[name]) for name in found))
        more = {name for name, one in library.items() if can_start(one, heard)} - found
        if not more:
            return found
        found |= more


def _added_to(library: Mapping[str, Definition], wanted: Collection[str]) -> dict[str, str]:
    """The flows that those start, and so on, with who starts them."""
    added: dict[str, str] = {}
    waiting = [*wanted]
    while waiting:
        name = waiting.pop()
        for other in started_by(library[name]):
            if other not in wanted and other not in added:
                added[other] = name
                waiting.append(other)
    return added


def _reports(definition: Definition) -> frozenset[str]:
    return frozenset(step.event for step in definition.program.steps.values() if isinstance(step, EmitStep))


def _filled(lists: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: found for name, found in lists.items() if found}
