"""What the inputs of a batch add to the counts of results, which are kept for good and say nothing of a person. Pure.

A run counts on the UTC day on which it started, whatever comes of it later: so a rate never mixes two days' runs.
Rehearsals (runs of test events) count nowhere.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_contracts.surveys import ANSWERED, Survey
from relevo_engine.core.inputs import IncomingMessage
from relevo_workflow import Decision, Definition, EventInput, OutcomeInput, Run, Subject

NPS = (0, 10)
"""The scale of which a net promoter score is made."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
WAITS = (
    *(_MINUTE, 10 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 3 * _DAY, 5 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 60 * _DAY, 90 * _DAY, 180 * _DAY, 365 * _DAY),
)
"""The lengths in seconds by which waits are counted."""
LONGER = "longer"
_BUCKETS = (*map(str, WAITS), LONGER)
HOLDOUT = "holdout"
"""The variant of runs that get nothing."""
REHEARSAL = "test"
"""The variant of runs that don't count."""

CHANGES = {
    "message.delivered": "delivered",
    "message.bounced": "bounced",
    "message.complained": "complained",
}
"""What providers tell of messages, as measures."""
_ENGAGEMENTS = {"message.opened": "opened", "message.clicked": "clicked"}
_BY_MACHINES = {"opened": "opened_by_machine", "clicked": "clicked_by_machine"}
_UNCOUNTED = frozenset(("ignored", "migrated"))
_COST = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,12})?) ([A-Z]{3})")
_OF_MESSAGES = frozenset((*CHANGES, *_ENGAGEMENTS, "message.scanned", ANSWERED))
_LONGEST = 200
_PARTS_OF_AN_EFFECT_KEY = 3


class CountKey(NamedTuple):
    """What is counted where. With a `run_id`, the run's row says version, variant and day, as far as it is there."""

    shop: str
    workflow: str
    version: str
    variant: str
    day: date
    step: str
    measure: str
    detail: str = ""
    currency: str = ""
    run_id: str = ""


class Counted(Struct, frozen=True, kw_only=True):
    """A count as it is read: of runs that started on `day`, what `measure` says, how often and what it was worth.

    The measures: `started`, `assigned` (an arm of a split, in `step`), `reached` (a step), `waited` (at a step, with a
    length of `WAITS` and the seconds as `amount`), `ended` (after a step, with the reason), `goal`; of messages the
    statuses of outcomes, `delivered`, `bounced`, `complained`, `opened` and `clicked` (also `_by_machine`), with the
    channel, and the `cost` of those sent as `amount`; `answered` with the survey, and of each answer that is not in
    words `rated`, `rated_nps` (0 to 10) or `chosen`, with `survey/question/answer`, and ratings as `amount`.
    """

    version: str
    variant: str
    day: date
    step: str
    measure: str
    detail: str
    currency: str
    count: int
    amount: Decimal
    squares: Decimal


class Amount(Struct):
    """How often, and the sum of what it was worth, with the sum of the squares."""

    count: int = 0
    amount: Decimal = Decimal(0)
    squares: Decimal = Decimal(0)


class ResultChanges(Struct):
    """What one batch counts. `_alike` are the amounts in which runs count that fare alike, as most of a batch do."""

    counts: dict[CountKey, Amount] = {}
    _alike: dict[tuple[object, ...], list[Amount]] = {}

    def follow(
        self,
        arrived: IncomingMessage,
        before: Subject,
        decision: Decision,
        definitions: Mapping[str, Definition],
    ) -> None:
        """Counts what a decision made of a run: that it started, what it reached, its goal and its end."""
        run = decision.run
        if run is None or run.test or decision.kind in _UNCOUNTED:
            return
        earlier = _run_of(before, run.id)
        if earlier is not None and earlier.entered_at is not None and _left(earlier, run):
            seconds = max(0, round((decision.at - earlier.entered_at).total_seconds()))
            self._count(arrived.shop, run, "waited", earlier.step, wait_bucket(seconds), worth=Decimal(seconds))
        if run.goal is not None and (earlier is None or earlier.goal is None):
            self._count(
                *(arrived.shop, run, "goal"), worth=Decimal(run.goal.value or 0), currency=run.goal.currency[:_LONGEST]
            )
        over = run.state != "active" and not run.holdout and (earlier is None or earlier.state == "active")
        was = earlier and (earlier.variants, earlier.step)
        alike = (
            *(arrived.shop, run.workflow, run.version, run.holdout, run.variants, _day(run.started_at)),
            *(decision.version, decision.kind, decision.path, was, run.end_reason if over else None),
        )
        amounts = self._alike.get(alike)
        if amounts is None:
            places = _places(arrived.shop, earlier, decision, _steps(decision, definitions), over=over)
            amounts = self._alike[alike] = [self._amount(place) for place in places]
        for amount in amounts:
            amount.count += 1

    def happened(
        self,
        arrived: IncomingMessage,
        before: Subject,
        runs: Mapping[tuple[str, str], tuple[str, Run]],
        asking: Callable[[str, str], Definition | None],
    ) -> None:
        """Counts what became of a message; `runs` are those that the batch has changed so far.

        `asking` gives the definition of a version and workflow, by which an answer to a survey is read.
        """
        given = arrived.input
        if isinstance(given, EventInput) and given.event.type not in _OF_MESSAGES:
            return  # most events
        told = _of_message(arrived)
        if told is None:
            return
        _, run = runs.get((arrived.shop, told.run_id), ("", None))
        run = run or _run_of(before, told.run_id)
        if run is not None and run.test:
            return
        place = told if run is None else _place(arrived.shop, run, told)
        self.add(place)
        if cost := _cost(given):
            self.add(place._replace(measure="cost", currency=cost[1]), cost[0])
        if told.measure == "answered" and isinstance(given, EventInput):
            for measure, answer, number in _answers(given.event, asking):
                self.add(place._replace(measure=measure, detail=f"{told.detail}/{answer}"), number)

    def _count(
        self,
        shop: str,
        run: Run,
        measure: str,
        step: str = "",
        detail: str = "",
        *,
        worth: Decimal | None = None,
        currency: str = "",
    ) -> None:
        self.add(_of_run(shop, run, measure, step, detail, currency=currency), worth)

    def add(self, place: CountKey, worth: Decimal | None = None) -> None:
        """Counts one more there, with what it was worth."""
        amount = self._amount(place)
        amount.count += 1
        if worth:
            amount.amount += worth
            amount.squares += worth * worth

    def _amount(self, place: CountKey) -> Amount:
        amount = self.counts.get(place)
        if amount is None:
            amount = self.counts[place] = Amount()
        return amount


def _of_run(shop: str, run: Run, measure: str, step: str = "", detail: str = "", *, currency: str = "") -> CountKey:
    return CountKey(shop, run.workflow, run.version, variant_of(run), day_of(run), step, measure, detail, currency)


def _places(
    shop: str, earlier: Run | None, decision: Decision, steps: Sequence[str], *, over: bool
) -> Iterator[CountKey]:
    """Where a decision counts a run, without any worth: that it started, what it was given and reached, its end."""
    run = decision.run
    assert run is not None
    if earlier is None:
        yield _of_run(shop, run, "started")
    for arm in run.variants:
        if earlier is None or arm not in earlier.variants:
            yield _of_run(shop, run, "assigned", arm)
    for step in steps:
        yield _of_run(shop, run, "reached", step)
    if over:
        at = earlier.step if earlier is not None and decision.kind == "exited" else _last(steps, earlier)
        yield _of_run(shop, run, "ended", at, run.end_reason[:_LONGEST])


def _place(shop: str, run: Run, told: CountKey) -> CountKey:
    """Where what is told of a message of this run counts."""
    return CountKey(shop, run.workflow, run.version, variant_of(run), day_of(run), told.step, told.measure, told.detail)


def wait_bucket(seconds: int) -> str:
    """The shortest of the lengths by which waits are counted that is not shorter: so many seconds, or `longer`."""
    return _BUCKETS[bisect_left(WAITS, seconds)]


def _left(earlier: Run, run: Run) -> bool:
    """Whether a run that was on its way has left the step at which it was."""
    return earlier.state == "active" and (run.turn != earlier.turn or run.state != "active")


def variant_of(run: Run) -> str:
    """The arms that the run was given, or that it gets nothing, or that it is a rehearsal."""
    if run.test:
        return REHEARSAL
    return HOLDOUT if run.holdout else " ".join(run.variants)


def day_of(run: Run) -> date:
    """The day that the run counts for."""
    return _day(run.started_at)


def _day(at: datetime) -> date:
    return at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()


def _run_of(subject: Subject, run_id: str) -> Run | None:
    for one in subject.runs:  # every decision comes by here, and a loop costs the least
        if one.id == run_id:
            return one
    return None


def _steps(decision: Decision, definitions: Mapping[str, Definition]) -> list[str]:
    """The steps that were entered."""
    definition = definitions.get(decision.version)
    return [] if definition is None else [one for one in decision.path if one in definition.program.steps]


def _last(steps: Sequence[str], earlier: Run | None) -> str:
    """The step after which the run was over."""
    return steps[-1] if steps else earlier.step if earlier is not None else ""


def _cost(given: object) -> tuple[Decimal, str] | None:
    """What a message cost that was sent, and the currency, if its outcome says so."""
    said = given.outcome.detail.get("cost", "") if isinstance(given, OutcomeInput) else ""
    found = _COST.fullmatch(said)
    return (Decimal(found[1]), found[2]) if found is not None else None


def _of_message(arrived: IncomingMessage) -> CountKey | None:
    """What the input tells of a message of a run, if it does."""
    given = arrived.input
    day = _day(given.at)
    if isinstance(given, OutcomeInput):
        told = given.outcome
        if not told.run_id:  # a message to the staff
            return None
        return CountKey(
            *(told.shop, told.workflow, "", "", day, told.step, told.status, told.channel), run_id=told.run_id
        )
    if not isinstance(given, EventInput) or given.event.test or given.event.key != arrived.key:
        return None
    event, data = given.event, given.event.data
    channel = _text(data, "channel") or "email"
    if event.type in CHANGES:
        run_id, step = sender_of(_text(data, "delivery_id"))
        named = CountKey(arrived.shop, "", "", "", day, step, CHANGES[event.type], channel, run_id=run_id)
        return named if run_id else None
    measure = _engagement(event)
    run_id = _text(data, "run_id")
    if not measure or not run_id:
        return None
    workflow, version, step = _text(data, "workflow"), _text(data, "version"), _text(data, "step")
    detail = _text(data, "survey") if measure == "answered" else channel
    return CountKey(arrived.shop, workflow, version, "", day, step, measure, detail, run_id=run_id)


def _engagement(event: Event) -> str:
    """What somebody, or a machine, did with a message; empty for anything else."""
    if event.type == "message.scanned":
        return _BY_MACHINES.get(_text(event.data, "action"), "")
    return "answered" if event.type == ANSWERED else _ENGAGEMENTS.get(event.type, "")


def _answers(
    event: Event, asking: Callable[[str, str], Definition | None]
) -> Iterator[tuple[str, str, Decimal | None]]:
    """Of each answer that the survey offers: what counts it, `question/answer`, and its number if it is one.

    What people write counts nowhere.
    """
    data = event.data
    definition, given = asking(_text(data, "version"), _text(data, "workflow")), data.get("answers")
    survey = _asked(definition, _text(data, "survey")) if definition is not None else None
    if survey is None or not isinstance(given, Mapping):
        return
    for question in survey.questions:
        measure = "chosen"
        if question.kind == "rating":
            measure = "rated_nps" if question.scale == NPS else "rated"
        for value in _as_form(given.get(question.name)):
            if value in question.values:
                yield measure, f"{question.name}/{value}", Decimal(value) if question.kind == "rating" else None


def _as_form(answer: object) -> list[str]:
    """An answer as the values of a form."""
    if isinstance(answer, bool):
        return ["yes" if answer else "no"]
    if isinstance(answer, list | tuple):
        return [*dict.fromkeys(one for one in answer if isinstance(one, str))]
    return [str(answer)] if isinstance(answer, int | str) else []


def _asked(definition: Definition, name: str) -> Survey | None:
    asked = (one.survey for one in definition.templates.values())
    return next((one for one in asked if one is not None and one.name == name), None)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) and len(value) <= _LONGEST and "\0" not in value else ""


def sender_of(delivery_id: str) -> tuple[str, str]:
    """The run and step of an effect key; empty where it is none, such as of a message to the staff."""
    parts = delivery_id.split("/")
    if len(parts) != _PARTS_OF_AN_EFFECT_KEY or not parts[2].isdigit():
        return "", ""
    return parts[0], parts[1]
