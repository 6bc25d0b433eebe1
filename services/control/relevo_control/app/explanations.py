"""Why a customer got what they got, and why not: what every owner has recorded, explained."""

from datetime import UTC, datetime, timedelta, tzinfo

import msgspec
from msgspec import Struct

from relevo_contracts.zones import zone_of
from relevo_control.app.errors import NotKnownError, OperationError
from relevo_control.app.shops import known_shop
from relevo_control.app.stored import read_stored
from relevo_engine.adapters import decision_log
from relevo_ingest.adapters.lookup import key_of_person
from relevo_notifier.adapters import past_deliveries, privacy
from relevo_notifier.adapters.privacy import Consent
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, Deployed
from relevo_runtime.postgres import Connection
from relevo_workflow import Definition, EventTrigger, parse_duration
from relevo_workflow.explain import Call, Delivery, Explanation, RetiredWorkflow, explain

_DEFAULT = timedelta(days=30)


class Asked(Struct, frozen=True, kw_only=True):
    """Of whom and what is asked. `since` is a duration (`7d`) or a local date; empty: 30 days."""

    shop: str
    customer: str
    workflow: str = ""
    since: str = ""


class CustomerExplanation(Struct, frozen=True, kw_only=True):
    """Who was asked about, and what there is to say. `since` is from when on."""

    shop: str
    customer: str
    email: str
    timezone: str
    since: datetime
    explanation: Explanation
    unreadable: list[str] = []
    consents: list[Consent] = []


async def explain_customer(connection: Connection, asked: Asked, now: datetime) -> CustomerExplanation:
    """Reads what the owners have recorded and explains it. Raises `OperationError` for what is not known."""
    shop, customer, workflow = asked.shop, asked.customer, asked.workflow
    place = await known_shop(connection, shop)
    start = moment(asked.since, now, zone_of(place.timezone))
    definitions, unreadable = await _definitions(connection, shop, workflow)
    key = await key_of_person(connection, shop, customer)
    if key is None:
        raise NotKnownError(f"nothing of {customer!r} was ever heard in {shop}; ask by e-mail, customer id or key")
    found = await decision_log.of_customer(connection, shop, key, start, workflow=workflow)
    if not found.known and not found.decisions:
        raise NotKnownError(f"the engine knows nothing of {customer!r} in {shop} (key {key})")
    sent = await past_deliveries.of_customer(connection, shop, key, start)
    called = await past_deliveries.calls_of_customer(connection, shop, key, start)
    retired = await _retired(connection, shop, workflow)
    consents = [] if workflow else await privacy.consents(connection, shop, key, start)
    explanation = explain(
        definitions,
        found.decisions,
        [msgspec.convert(one, Delivery, from_attributes=True) for one in sent],
        customer=key,
        facts=found.facts,
        runs=found.runs,
        since=start,
        calls=[msgspec.convert(one, Call, from_attributes=True) for one in called],
        retired=retired,
    )
    return CustomerExplanation(
        shop=shop,
        customer=key,
        email=found.facts.contact.email,
        timezone=place.timezone,
        since=start,
        explanation=_only(explanation, workflow),
        unreadable=unreadable,
        consents=consents,
    )


def moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The instant that `--since` says: so long ago (`7d`), or a local date or time.

    Raises `OperationError` for anything else, and for one that is still to come.
    """
    found = _instant(text, now, zone)
    if found > now:
        raise OperationError(
            f"--since {text!r} lies in the future: it is {now.astimezone(zone):%Y-%m-%d %H:%M} there now"
        )
    return found


def _instant(text: str, now: datetime, zone: tzinfo) -> datetime:
    if not text:
        return now - _DEFAULT
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        local = datetime.fromisoformat(text)
        return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise OperationError(
            f"--since {text!r} is neither a duration such as 7d nor a date such as 2026-03-10"
        ) from None


def _only(explanation: Explanation, workflow: str) -> Explanation:
    """Deliveries are known by their run alone: those of other workflows go."""
    if not workflow:
        return explanation
    return msgspec.structs.replace(explanation, lines=[one for one in explanation.lines if one.workflow == workflow])


async def _definitions(connection: Connection, shop: str, workflow: str) -> tuple[list[Definition], list[str]]:
    """What starts runs for this shop, of `workflow` or of all; and the names of those that this release can't read."""
    active = await catalog.active_definitions(connection)
    own = {one.workflow: one for one in active if one.shop == catalog.EVERY_SHOP}
    own |= {one.workflow: one for one in active if one.shop == shop}
    if workflow and workflow not in own and not await catalog.history(connection, workflow, limit=1, files=False):
        raise NotKnownError(f"no workflow {workflow!r} was ever deployed; deployed now: {', '.join(sorted(own))}")
    wanted = [one for name, one in sorted(own.items()) if workflow in ("", name)]
    read = {one.workflow: read_stored(one.files) for one in wanted}
    return [one for one in read.values() if one is not None], [name for name, one in read.items() if one is None]


async def _retired(connection: Connection, shop: str, workflow: str) -> list[RetiredWorkflow]:
    """The workflows that no longer start anything for this shop because they were taken out of service, or drain."""
    serving = {one.workflow for one in await catalog.active_definitions(connection) if one.shop in (shop, EVERY_SHOP)}
    past = [one for of in (EVERY_SHOP, shop) for one in await catalog.newest_deployments(connection, of)]
    gone = {one.workflow: one for one in past if one.workflow not in serving and workflow in ("", one.workflow)}
    return [
        RetiredWorkflow(workflow=name, events=_starts(one), at=one.retired_at, by=one.retired_by, note=one.retired_note)
        for name, one in sorted(gone.items())
        if one.retired_at is not None
    ]


def _starts(deployed: Deployed) -> list[str]:
    definition = read_stored(deployed.files)
    triggers = definition.triggers if definition is not None else ()
    return [one.event for one in triggers if isinstance(one, EventTrigger)]
