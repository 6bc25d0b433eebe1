"""What follows from what Kafka and a restored database tell of each other. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from relevo_cli.console import counted
from relevo_cli.doctor.findings import ORDER, Finding
from relevo_cli.restoring.facts import Facts, Place
from relevo_contracts.topics import EVENTS

REPAIR = "`relevo restore-check --repair`"
_CONTACTS = "notifier-contacts"
Offsets = Mapping[tuple[str, int], int]


def findings(facts: Facts) -> list[Finding]:
    """What is wrong or worth knowing, the worst first."""
    found = [*_where(facts), *_of_places(facts.places), *_would_happen_twice(facts), *_lost(facts), *_harmless(facts)]
    return sorted(found, key=lambda one: ORDER.index(one.severity))


def set_back(facts: Facts) -> Mapping[str, Offsets]:
    """Where each group has to go on so that nothing is left out, nor read from long ago; by topic and partition."""
    found: dict[str, dict[tuple[str, int], int]] = {}
    for place in facts.places:
        if place.is_ahead or place.is_lost:
            found.setdefault(place.group, {})[place.topic, place.partition] = place.taken
    for partition, at in facts.contacts_from.items():
        found.setdefault(_CONTACTS, {})[EVENTS, partition] = at
    return found


def _where(facts: Facts) -> Iterator[Finding]:
    if facts.running:
        who = ", ".join(sorted(facts.running))
        what = f"services are running ({who}): what is said here may be over already"
        yield Finding("warning", "services", what, "stop every service before a restore and until after the repair")
    if facts.missing_topics:
        names = ", ".join(facts.missing_topics)
        yield Finding("error", "Kafka", f"these topics are not there: {names}", "`relevo migrate` makes them")
    if facts.unknown_versions:
        what = f"messages to send are of versions that the database does not have: {', '.join(facts.unknown_versions)}"
        yield Finding("error", "workflows", what, "deploy what was deployed since, before the services start")


def _of_places(places: Sequence[Place]) -> Iterator[Finding]:
    for (group, topic), of_one in groupby(places, key=lambda one: (one.group, one.topic)):
        some = list(of_one)
        if skipped := sum(one.skipped for one in some):
            where = _partitions(one for one in some if one.is_ahead)
            what = f"{group} would leave out {counted(skipped, 'record')} of {topic} ({where}): the database is older"
            yield Finding("error", group, what, f"{REPAIR} lets it read them again")
        if lost := [one for one in some if one.is_lost]:
            what = (
                f"Kafka does not know how far {group} has read {topic} ({_partitions(lost)}): it would begin"
                f" with {counted(sum(one.again for one in lost), 'record')} that the database has"
            )
            yield Finding("error", group, what, f"{REPAIR} sets it to where the database is")
        again = sum(one.again for one in some if not one.is_lost)
        if again:
            what = f"{group} reads {counted(again, 'record')} of {topic} again, without an effect"
            yield Finding("note", group, what)


def _would_happen_twice(facts: Facts) -> Iterator[Finding]:
    if facts.outcomes:
        sent = sum(one.status == "sent" for one in facts.outcomes)
        what = (
            f"{counted(len(facts.outcomes), 'message has', 'messages have')} an outcome on Kafka ({sent} sent) that"
            " the database does not have: they would be sent again"
        )
        yield Finding("error", "notifier", what, f"{REPAIR} notes the outcomes before anything starts")
    if facts.answers:
        what = (
            f"{counted(len(facts.answers), 'call was', 'calls were')} answered on Kafka and not in the database:"
            " they would be made again, and codes of pools handed out twice"
        )
        yield Finding("error", "notifier", what, f"{REPAIR} notes the answers before anything starts")
    if facts.doubtful:
        what = (
            f"{counted(len(facts.doubtful), 'message was', 'messages were')} with a notifier when it ended and"
            f" {'has' if len(facts.doubtful) == 1 else 'have'} no outcome: nobody can know whether they were sent"
        )
        do = f"{REPAIR} makes them in doubt: marketing is not sent again, what is transactional is"
        yield Finding("error", "notifier", what, do)
    if facts.waiting:
        what = (
            f"{counted(facts.waiting, 'message')} waited for longer without an outcome, and"
            " will be sent: one that was begun in the last moment arrives twice"
        )
        yield Finding("warning", "notifier", what)
    if facts.unheard:
        what = (
            f"{counted(len(facts.unheard), 'outcome')} of messages reached neither the engine nor Kafka's disk:"
            " runs would not hear of them"
        )
        yield Finding("error", "engine", what, f"{REPAIR} has them reported once more")


def _lost(facts: Facts) -> Iterator[Finding]:
    for shop, unopened in sorted(facts.unopened.items()):
        what = (
            f"{counted(unopened.records, 'record')} of {counted(unopened.people, 'person', 'people')} of the shop"
            f" {shop} can't be opened: their keys are newer than the database, or they were erased"
        )
        do = f"have the shop tell them again: `relevo connect {shop} --help`, `relevo import --help`"
        yield Finding("warning", "events", what, do)
    if facts.unheard_calls:
        what = (
            f"the answers of {counted(facts.unheard_calls, 'call')} are on no topic and not with the engine:"
            " their runs go on as after a time-out"
        )
        yield Finding("warning", "engine", what)


def _harmless(facts: Facts) -> Iterator[Finding]:
    if facts.erasures:
        what = f"{counted(facts.erasures, 'erasure')} newer than the database will be carried out again"
        yield Finding("note", "engine", what)
    waits = {"outbox": "in the outbox", "overdue": "overdue timers", "sending": "messages being sent"}
    if any(getattr(facts, name) for name in waits):
        what = ", ".join(f"{getattr(facts, name)} {text}" for name, text in waits.items())
        yield Finding("note", "PostgreSQL", f"{what}: the scheduler and the notifier go on with them by themselves")


def _partitions(places: Iterable[Place]) -> str:
    numbers = [str(one.partition) for one in places]
    return f"partition{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
