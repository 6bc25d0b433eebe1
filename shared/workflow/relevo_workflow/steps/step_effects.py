"""What each doing step asks of the world, as effects."""

from typing import Any

import msgspec

from relevo_contracts.envelope import Event
from relevo_contracts.keys import product_key
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.expressions.shapes import DYN, shape_of
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Emit, Http, OpenTask, Send, SetAttributes, StartRun, Subscribe
from relevo_workflow.model.state import Run
from relevo_workflow.steps import step_types as steps
from relevo_workflow.steps.recipients import recipient
from relevo_workflow.values.money import with_amounts
from relevo_workflow.values.text_context import liquid_context
from relevo_workflow.values.value import Value, plain

MAX_STARTS = 500
"""A list longer than this starts no more workflows than this."""
MAX_HOPS = 20
"""So many workflows may lead to one another (by `start` or by `emit`) before time passes or somebody outside acts."""
_LARGEST = 2**63
WORKFLOW_CYCLE = f"{MAX_HOPS} workflows in a row led to one another without a wait: this is a cycle"
"""Why the next one is not started, or its event not published."""


def send(step: steps.SendStep, scope: Scope, key: str) -> Send:
    """The message of a step; what its template may name goes with it."""
    to, whom = recipient(step.to, step.channel, scope)
    return Send(
        id=key,
        step=step.id,
        channel=step.channel,
        template=step.template,
        purpose=step.purpose,
        decided_at=scope.now,
        not_after=scope.now + step.not_after,
        context=liquid_context(scope, step.fields),
        recipient=whom,
        to=to,
        reason=f"{step.id} of {scope.run_state.workflow}",
    )


def http(step: steps.HttpStep, scope: Scope, key: str, trace: list[Check]) -> Http:
    """The call of a step."""
    return Http(
        id=key,
        step=step.id,
        method=step.method,
        url=step.url.compute(scope, step.id, trace),
        timeout_seconds=step.timeout.total_seconds(),
        headers={name: text.compute(scope, step.id, trace) for name, text in step.headers},
        body=step.body.compute(scope, step.id, trace) if step.body is not None else None,
    )


def open_task(step: steps.TaskStep, scope: Scope, key: str, trace: list[Check]) -> OpenTask:
    """What the staff is asked for."""
    return OpenTask(
        id=key,
        step=step.id,
        title=step.title.compute(scope, step.id, trace) or step.title.text,
        skill=step.skill,
        roles=step.roles,
        deadline=scope.now + step.deadline if step.deadline is not None else None,
    )


def decide_table(step: steps.DecideTable, scope: Scope, trace: list[Check], path: list[str]) -> dict[str, Any]:
    """The values of the rules that hold: of the first, of the one (`unique`), or of all as lists (`collect`)."""
    hits: list[steps.Rule] = []
    for rule in step.rules:
        where = f"{step.id}/{rule.label}"
        if not hits if rule.condition is None else rule.condition.holds(scope, where, trace):
            hits.append(rule)
            path.append(where)
            if step.hit == "first":
                break
    if step.hit == "unique" and len(hits) > 1:
        labels = ", ".join(rule.label for rule in hits)
        trace.append(
            Check(at=step.id, expression="hit: unique", error=f"several rules hold: {labels}; the first counts")
        )
    if step.hit == "collect":
        names = dict.fromkeys(name for rule in step.rules for name, _ in rule.values)
        return {
            name: [_find(rule, name).compute(scope, step.id, trace) for rule in hits if _has(rule, name)]
            for name in names
        }
    return {name: value.compute(scope, step.id, trace) for rule in hits[:1] for name, value in rule.values}


def _has(rule: steps.Rule, name: str) -> bool:
    return any(known == name for known, _ in rule.values)


def _find(rule: steps.Rule, name: str) -> Value:
    return next(value for known, value in rule.values if known == name)


def changes(step: steps.SetStep, scope: Scope, key: str, trace: list[Check]) -> SetAttributes:
    """The attributes and tags that a step sets: attributes are JSON, tags are text."""
    return SetAttributes(
        id=key,
        attributes={name: _json(value.compute(scope, step.id, trace)) for name, value in step.attributes},
        add_tags=tuple(_text(tag.compute(scope, step.id, trace)) for tag in step.add_tags),
        remove_tags=tuple(_text(tag.compute(scope, step.id, trace)) for tag in step.remove_tags),
    )


def _json(value: Any) -> Any:
    """A value as an attribute keeps it; what JSON has not, or only some readers of it have, becomes text."""
    whole = not isinstance(value, int) or -_LARGEST <= value < _LARGEST
    return value if isinstance(value, str | int | float | list | dict) and whole else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def emitted(step: steps.EmitStep, scope: Scope, key: str, trace: list[Check], hops: int) -> list[Emit]:
    """The event of a step, about this customer; none (and a note in the trace) if its data does not fit.

    Nor is there one after too many `hops`: what it leads to could publish it again, and so on.
    """
    if hops > MAX_HOPS:
        trace.append(Check(at=step.id, expression=f"emit {step.event}", error=WORKFLOW_CYCLE))
        return []
    run, contact = scope.run_state, scope.facts.contact
    payload = scope.types[step.event]
    fields = shape_of(payload).fields
    computed = [(name, value, value.compute(scope, step.id, trace)) for name, value in step.data]
    data = {
        name: with_amounts(given, fields.get(name, DYN), value, scope)
        for name, value, given in computed
        if given is not None
    }
    if "customer" in payload.__struct_fields__:
        data.setdefault("customer", {"email": contact.email} if contact.email else {})
    try:
        msgspec.convert(data, payload)
    except msgspec.ValidationError as error:
        trace.append(Check(at=step.id, expression=f"emit {step.event}", error=str(error)))
        return []
    event = Event(
        id=key,
        source=f"relevo/{run.workflow}",
        type=step.event,
        time=scope.now,
        shop=scope.shop_state.id,
        key=run.customer,
        data=data,
        receivedtime=scope.now,
        test=run.test,
        hops=hops,
    )
    return [Emit(id=key, event=event)]


def starts(step: steps.StartStep, scope: Scope, key: str, trace: list[Check], hops: int) -> list[StartRun]:
    """One start, or one for each element of a list, which its run then finds as `trigger.data.item`.

    A list counts as more `hops` the longer it is: 2 elements as 2, 4 as 3, 500 as 9. A cycle through it would double.
    """
    data = {name: value.compute(scope, step.id, trace) for name, value in step.data}
    if step.for_each is None:
        return [StartRun(id=key, workflow=step.workflow, at=scope.now, data=data, hops=hops)]
    check = step.for_each.evaluate(scope, step.id)
    trace.append(check)
    items = check.value[:MAX_STARTS] if isinstance(check.value, list) else []
    hops += max(0, len(items).bit_length() - 1)
    return [
        StartRun(
            id=f"{key}/{number}",
            workflow=step.workflow,
            at=scope.now,
            data={**data, "item": plain(item)},
            hops=hops,
        )
        for number, item in enumerate(items)
    ]


def subscriptions(step: steps.WaitFor, scope: Scope, run: Run, trace: list[Check]) -> list[Subscribe]:
    """For each arm that waits for events about another key: which key that is, and from when on they count."""
    found: list[Subscribe] = []
    for arm in step.arms:
        if arm.key is None:
            continue
        check = arm.key.evaluate(scope, f"{step.id}/{arm.label}")
        trace.append(check)
        if isinstance(check.value, str) and check.value:
            effect_id, key = f"{run.id}/{step.id}/{run.turn}", product_key(check.value)
            found.append(Subscribe(id=effect_id, run_id=run.id, key=key, events=arm.events, since=scope.now))
    return found


def concerns(arm: steps.EventArm, scope: Scope, event: Event) -> bool:
    """Whether an event is about whom the arm waits for: the customer, or the product that its `key` names."""
    if arm.key is None:
        return event.key == scope.run_state.customer
    since, product_id = scope.run_state.waits_since, arm.key.evaluate(scope).value
    fits = isinstance(product_id, str) and product_key(product_id) == event.key
    return fits and (since is None or event.time >= since)
