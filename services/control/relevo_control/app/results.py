"""What is asked of the results of a workflow, read from their owners."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from relevo_control.app.errors import NotKnownError
from relevo_control.app.explanations import moment
from relevo_control.app.shops import known_shop
from relevo_control.app.stored import read_stored
from relevo_engine.adapters import results as counts
from relevo_engine.core.result_report import By, Report, report
from relevo_engine.core.results import Counted
from relevo_engine.core.winners import Standing, standing
from relevo_runtime import catalog
from relevo_runtime.postgres import Connection
from relevo_workflow import Contest, Definition, contests

_FIRST = date(2000, 1, 1)


class Asked(Struct, frozen=True, kw_only=True):
    """Of what is asked. `since` is a duration (`7d`) or a date; empty: 30 days."""

    shop: str
    workflow: str
    since: str = ""


class VariantTest(Struct, frozen=True, kw_only=True):
    """A split with a rule: how it stands over all its runs, whenever they started; and who has won, if anyone."""

    split: str
    by: str
    least: int
    standing: Standing
    winner: str = ""
    decided_at: datetime | None = None


class FoundResults(Struct, frozen=True, kw_only=True):
    """The counts of a workflow, and how its tests of variants stand."""

    workflow: str
    shop: str
    since: date
    counts: list[Counted]
    tests: list[VariantTest]


class ResultsAnswer(Struct, frozen=True, kw_only=True):
    """What was asked for, and what there is to say."""

    workflow: str
    shop: str
    since: date
    report: Report
    tests: list[VariantTest] = []


def answer_of(found: FoundResults, by: By) -> ResultsAnswer:
    """What there is to say, told apart by this."""
    shown = report(found.counts, by)
    return ResultsAnswer(workflow=found.workflow, shop=found.shop, since=found.since, report=shown, tests=found.tests)


async def read_results(connection: Connection, asked: Asked, now: datetime) -> FoundResults:
    """Reads the counts. Raises `NotKnownError` for a shop or workflow that is not known."""
    shop, workflow = asked.shop, asked.workflow
    first = moment(asked.since, now, UTC).date()
    await known_shop(connection, shop)
    deployed = await _deployed(connection, shop)
    definition = deployed.get(workflow)
    running = contests(definition) if definition is not None else []
    found = await counts.read(connection, shop, workflow, _FIRST if running else first, now.date() + timedelta(days=1))
    known = {*await counts.workflows(connection, shop), *deployed}
    winners = await catalog.winners_of(connection, shop, workflow)
    if workflow not in known:
        raise NotKnownError(f"{shop} has no workflow {workflow!r}; it has {', '.join(sorted(known)) or 'none'}")
    return FoundResults(
        workflow=workflow,
        shop=shop,
        since=first,
        counts=[one for one in found if one.day >= first],
        tests=[_test(one, found, winners) for one in running],
    )


def _test(contest: Contest, found: Sequence[Counted], winners: Sequence[catalog.Winner]) -> VariantTest:
    won = next((one for one in winners if one.step == contest.step and one.variant in contest.variants), None)
    return VariantTest(
        split=contest.step,
        by=contest.by,
        least=contest.least,
        standing=standing(contest, found),
        winner=won.variant if won is not None else "",
        decided_at=won.decided_at if won is not None else None,
    )


async def _deployed(connection: Connection, shop: str) -> dict[str, Definition | None]:
    """The workflows in service of a shop; `None` for a version that this release can't read."""
    active = await catalog.active_definitions(connection)
    own = {one.workflow: one for one in active if one.shop == catalog.EVERY_SHOP}
    own |= {one.workflow: one for one in active if one.shop == shop}
    return {name: read_stored(one.files) for name, one in own.items()}
