"""`relevo explain`: why a customer got what they got, and why not."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError, unknown_shop
from relevo_cli.stored import read_stored
from relevo_contracts.zones import zone_of
from relevo_engine.adapters import decision_log
from relevo_ingest.adapters.lookup import key_of_person
from relevo_notifier.adapters import past_deliveries, privacy
from relevo_notifier.adapters.privacy import Consent
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, Deployed
from relevo_runtime.clock import make_clock
from relevo_runtime.postgres import Connection
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import Definition, EventTrigger, parse_duration
from relevo_workflow.explain import Call, Delivery, Explanation, Line, RetiredWorkflow, RunInProgress, explain

_DEFAULT = timedelta(days=30)
_MARGIN = 18
"""The width of a time in front, with its blanks."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


class Answer(Struct, frozen=True, kw_only=True):
    """Who was asked about, and what there is to say. `since` is from when on."""

    shop: str
    customer: str
    email: str
    timezone: str
    since: datetime
    explanation: Explanation
    unreadable: list[str] = []
    consents: list[Consent] = []


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain_customer)


def explain_customer(
    *,
    shop: Annotated[str, typer.Option(help="The shop.")],
    customer: Annotated[str, typer.Option(help="E-mail address, phone number, customer id, order id or key.")],
    workflow: Annotated[str, typer.Option(help="Of this workflow only.")] = "",
    since: Annotated[str, typer.Option(help="From when on: 7d, or a date such as 2026-03-10; default: 30d.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Tell what was started, sent, skipped and ended for a customer, in order of time and why; what was not, too."""
    answer = asyncio.run(ask(addresses.settings(), shop, customer, workflow=workflow, since=since))
    if as_json:
        print_json(answer)
        return
    for line in lines(answer, terminal_width()):
        out().print(line, markup=False, soft_wrap=True)


async def ask(settings: RuntimeSettings, shop: str, customer: str, *, workflow: str = "", since: str = "") -> Answer:
    """Reads what the owners have recorded and explains it. Raises `CommandError` for what is not known."""
    now = make_clock(settings).now()
    async with database.transaction(settings) as connection:
        place = await catalog.shop(connection, shop)
        if place is None:
            raise CommandError(unknown_shop(shop))
        start = moment(since, now, zone_of(place.timezone))
        definitions, unreadable = await _definitions(connection, shop, workflow)
        key = await key_of_person(connection, shop, customer)
        if key is None:
            raise CommandError(f"nothing of {customer!r} was ever heard in {shop}; ask by e-mail, customer id or key")
        found = await decision_log.of_customer(connection, shop, key, start, workflow=workflow)
        if not found.known and not found.decisions:
            raise CommandError(f"the engine knows nothing of {customer!r} in {shop} (key {key})")
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
    return Answer(
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

    Raises `CommandError` for anything else, and for one that is still to come.
    """
    found = _instant(text, now, zone)
    if found > now:
        raise CommandError(f"--since {text!r} lies in the future: it is {local_minute(now, zone)} there now")
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
        raise CommandError(f"--since {text!r} is neither a duration such as 7d nor a date such as 2026-03-10") from None


def lines(answer: Answer, width: int | None = None) -> Iterator[str]:
    """The explanation as lines, in the shop's time, wrapped at `width`."""
    return (hanging(line, width, indent) for line, indent in _lines(answer))


def in_words(text: str, zone: tzinfo) -> str:
    """Instants inside a sentence as people read them, in the shop's time; what only looks like one stays."""
    return _INSTANT.sub(lambda found: _local(found[0], zone), text)


def _local(written: str, zone: tzinfo) -> str:
    try:
        return local_minute(datetime.fromisoformat(written), zone)
    except (ValueError, OverflowError):
        return written


def _lines(answer: Answer) -> Iterator[tuple[str, int | None]]:
    """Each line, and how far what follows of it is indented."""
    zone, explanation = zone_of(answer.timezone), answer.explanation
    email = f" ({answer.email})" if answer.email else ""
    since = local_minute(answer.since, zone)
    yield f"{answer.customer}{email} of {answer.shop}, since {since}, in {answer.timezone} time", None
    if not explanation.lines:
        yield "nothing was decided about them", None
    for line in explanation.lines:
        yield f"{local_minute(line.at, zone)}  {_named(line)}  {in_words(line.text, zone)}", _MARGIN
        yield from ((f"{'':{_MARGIN}}{text}", None) for text in line.conditions)
    if explanation.underway:
        yield "on their way:", None
        yield from ((f"  {_named(run)}: {in_words(run.text, zone)}", None) for run in explanation.underway)
    if explanation.absences:
        yield "not entered:", None
        yield from ((f"  {one.workflow}: {in_words(one.text, zone)}", None) for one in explanation.absences)
    if answer.consents:
        yield "said about consent:", None
        yield from ((f"{local_minute(one.at, zone)}  {_consent(one, zone)}", _MARGIN) for one in answer.consents)
    for name in answer.unreadable:
        yield f"  {name}: its version can't be read by this release, so nobody enters; deploy it anew", None


def _consent(one: Consent, zone: tzinfo) -> str:
    """A statement with its proof."""
    version = f" (version {one.wording_version})" if one.wording_version else ""
    asked = f"“{one.wording}”{version}" if one.wording else ""
    form = f"form {one.form}" if one.form else ""
    since = f" that was asked for at {local_minute(one.requested_at, zone)}" if one.requested_at else ""
    confirmed = f"confirmed by a second message{since}" if one.double_opt_in else ""
    proof = ", ".join(part for part in (one.form_url or one.source, form, asked, confirmed) if part)
    return f"{one.channel}, {one.purpose}: {one.state}{f' ({proof})' if proof else ''}"


def _named(one: Line | RunInProgress) -> str:
    return f"{one.workflow} [{one.run}]" if one.run else one.workflow


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
    if workflow and workflow not in own and not await catalog.history(connection, workflow):
        raise CommandError(f"no workflow {workflow!r} was ever deployed; deployed now: {', '.join(sorted(own))}")
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
