"""Compares what a simulation did with what a test expects; each difference names its line."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from relevo_workflow.model.effects import (
    CallSystem,
    CloseTask,
    Effect,
    Emit,
    EscalateTask,
    Http,
    OpenTask,
    RemindTask,
    Send,
    StartRun,
)
from relevo_workflow.model.state import Run
from relevo_workflow.syntax.diagnostics import Diagnostic
from relevo_workflow.syntax.durations import format_duration
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.testing.contacting import contacted
from relevo_workflow.testing.expectation_form import OF_POLICY
from relevo_workflow.testing.of_run import expected_of
from relevo_workflow.testing.rendered import OF_MESSAGE, MessageReader, Previews, unlike_message
from relevo_workflow.testing.scenario import Scenario
from relevo_workflow.testing.simulation import Simulation
from relevo_workflow.testing.staff_notices import heard_notices
from relevo_workflow.testing.step_names import STEP_FIELDS, steps_named

Seen = dict[str, Any]


def differences(previews: Previews, scenario: Scenario, simulation: Simulation) -> list[Diagnostic]:
    """Every difference, and every message that can't be rendered. What a test does not mention it does not expect."""
    return list(_Comparison(previews, scenario, simulation).differences())


class _Comparison:
    def __init__(self, previews: Previews, scenario: Scenario, simulation: Simulation) -> None:
        self.previews = previews
        self.scenario = scenario
        self.simulation = simulation
        policy = previews.policy
        self.contacted = contacted(policy, simulation) if policy is not None else {}

    def differences(self) -> Iterator[Diagnostic]:
        yield from self._unrenderable()
        for name, node in (self.scenario.expect.entries or {}).items():
            check = self._CHECKS.get(name)
            if check is not None:
                yield from check(self, node)

    def _unrenderable(self) -> Iterator[Diagnostic]:
        """A message that the notifier could not send fails the test, whatever the test expects."""
        for effect in (
            way for one in self.simulation.effects if isinstance(one.effect, Send) for way in each_channel(one.effect)
        ):
            why = self.previews.why_not(effect, self._reader(effect))
            if why:
                yield Diagnostic(self.scenario.position, f"the message of '{effect.id}' can't be rendered", why)

    def _reader(self, send: Send) -> MessageReader:
        contact = send.recipient if send.to == "contact" else self.simulation.subject.facts.contact
        shop = self.scenario.shop
        return MessageReader((contact.locale, shop.locale), contact.timezone or shop.timezone)

    def _run(self) -> Run | None:
        """The newest run."""
        return next(reversed(self.simulation.runs.values()), None)

    def _which_run(self) -> str:
        """Which of several runs the newest one is, and what came of the others; nothing where there is one alone."""
        runs = list(self.simulation.runs.values())
        if len(runs) < 2:
            return ""
        ends = [f"run {number} {self._end_of(run)}" for number, run in enumerate(runs[:-1], 1)]
        return f"run {len(runs)} of {len(runs)}, of {self.local(runs[-1].started_at)}; {'; '.join(ends)}"

    def _end_of(self, run: Run) -> str:
        if run.ended_at is None:
            return f"is still at '{run.step}'"
        return f"ended at {self.local(run.ended_at)}: {run.end_reason}"

    def local(self, at: datetime) -> str:
        """A time as tests write it."""
        moment = at.astimezone(self.scenario.zone)
        return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")

    # --- lists of what was done --------------------------------------------------------------------------------

    def _sends(self, node: Node) -> Iterator[Diagnostic]:
        yield from self._list(node, "message", self._seen(_see_send))

    def _tasks(self, node: Node) -> Iterator[Diagnostic]:
        steps = {one.effect.id: one.effect.step for one in self.simulation.effects if isinstance(one.effect, OpenTask)}
        yield from self._list(node, "task", self._seen(lambda effect: _see_task(effect, steps)))

    def _notices(self, node: Node) -> Iterator[Diagnostic]:
        heard = heard_notices(self.simulation, self.scenario.staff, self.scenario.start)
        seen = [
            {"at": self.local(one.at), "notice": one.notice, "to": one.to}
            | ({"step": one.step} if one.step else {"tasks": list(one.tasks)})
            for one in heard
        ]
        yield from self._list(node, "notice", seen)

    def _calls(self, node: Node) -> Iterator[Diagnostic]:
        yield from self._list(node, "call", self._seen(_see_call))

    def _emits(self, node: Node) -> Iterator[Diagnostic]:
        yield from self._list(node, "event", self._seen(_see_emit))

    def _starts(self, node: Node) -> Iterator[Diagnostic]:
        yield from self._list(node, "start", self._seen(_see_start))

    def _seen(self, see: Callable[[Effect], Seen | None]) -> list[Seen]:
        found: list[Seen] = []
        for one in self.simulation.effects:
            effect = self._as_sent(one.effect)
            seen = see(effect)
            if seen is not None:
                found.append({"at": self.local(one.at), **self._shown(seen), **self._by_policy(effect), "run": one.run})
        return found

    def _as_sent(self, effect: Effect) -> Effect:
        """The message by the channel that the contact policy chose; everything else as it is."""
        told = self.contacted.get(effect.id) if isinstance(effect, Send) and effect.templates else None
        if told is None or not isinstance(effect, Send):
            return effect
        return structs.replace(effect, channel=told.channel, template=effect.templates[told.channel])

    def _by_policy(self, effect: Effect) -> Seen:
        """What the contact policy does with a message; nothing where there is none, or where it goes out at once."""
        told = self.contacted.get(effect.id) if isinstance(effect, Send) else None
        if told is None:
            return {}
        seen = {"sent": self.local(told.sent)} if told.sent is not None else {"skipped": told.skipped}
        return {**seen, **({"put_off": list(told.put_off)} if told.put_off else {}), "reason_of_policy": told.reason}

    def _shown(self, seen: Seen) -> Seen:
        return {name: self.local(one) if isinstance(one, datetime) else one for name, one in seen.items()}

    def _list(self, node: Node, what: str, seen: list[Seen]) -> Iterator[Diagnostic]:
        """Compares in order: the first that differs is reported, then what is missing or too much."""
        expected = node.items or ()
        for one, got in zip(expected, seen, strict=False):
            wrong = self._unlike(expected_of(self.simulation.runs.get(got.get("run", "")), one), got)
            if wrong:
                yield Diagnostic(one.position, f"expected {what} {_say(one.plain())}, got {_say(got)}", wrong)
                return
        for one in expected[len(seen) :]:
            yield Diagnostic(one.position, f"expected {what} {_say(one.plain())}, got none")
        for got in seen[len(expected) :]:
            yield Diagnostic(node.position, f"got a {what} that is not expected: {_say(got)}")

    def _unlike(self, expected: Node, got: Seen) -> str:
        entries = expected.entries or {}
        for name, node in entries.items():
            if "template" in got and name in OF_MESSAGE:
                continue
            if name in STEP_FIELDS and got.get(name) in steps_named(self.simulation.definitions, node.text):
                continue
            if not _matches(node.plain(), got.get(name)):
                return f"'{name}' differs"
        wanted = {name: node.plain() for name, node in entries.items() if name in OF_MESSAGE}
        if "template" not in got:
            return ""
        if missing := _not_expected(entries, got):
            return missing
        return unlike_message(wanted, self.previews, got["effect"], self._reader(got["effect"]))

    # --- what came of the run ----------------------------------------------------------------------------------

    def _path(self, node: Node) -> Iterator[Diagnostic]:
        run = self._run()
        decisions = [one for one in self.simulation.decisions if run is not None and one.run and one.run.id == run.id]
        path = [entry for decision in decisions for entry in decision.path]
        yield from self._equal(node, "the path", path, self._which_run())

    def _end(self, node: Node) -> Iterator[Diagnostic]:
        run = self._run()
        if run is None or run.ended_at is None:
            state = f"it {run.state} at '{run.step}'" if run is not None else "no run was started"
            advice = "; ".join(filter(None, (state, self._which_run())))
            yield Diagnostic(node.position, "expected the run to end, and it has not", advice)
            return
        got = {"at": self.local(run.ended_at), "reason": run.end_reason}
        for name, one in (node.entries or {}).items():
            if one.text != got.get(name):
                message = f"expected the end's '{name}' to be {one.text}, got {got.get(name)}"
                yield Diagnostic(one.position, message, self._which_run())

    def _runs(self, node: Node) -> Iterator[Diagnostic]:
        yield from self._equal(node, "the number of runs", len(self.simulation.runs))

    def _goal(self, node: Node) -> Iterator[Diagnostic]:
        goals = [run.goal for run in self.simulation.runs.values() if run.goal is not None]
        if node.text == "none":
            if goals:
                when = self.local(goals[-1].at)
                yield Diagnostic(node.position, f"expected no goal to be reached, got one at {when}")
            return
        if not goals:
            yield Diagnostic(node.position, "expected the goal to be reached, and it was not")
            return
        got = {"value": goals[-1].value, "currency": goals[-1].currency, "at": self.local(goals[-1].at)}
        for name, one in (node.entries or {}).items():
            if one.text != got.get(name):
                yield Diagnostic(one.position, f"expected the goal's '{name}' to be {one.text}, got {got.get(name)}")

    def _saved(self, node: Node) -> Iterator[Diagnostic]:
        run = self._run()
        saved = run.saved if run is not None else {}
        if not _matches(node.plain(), saved):
            yield Diagnostic(
                node.position, f"expected 'run' to have {_say(node.plain())}, got {_say(saved)}", self._which_run()
            )

    def _tags(self, node: Node) -> Iterator[Diagnostic]:
        yield from self._equal(node, "the customer's tags", self.simulation.subject.facts.tags)

    def _attributes(self, node: Node) -> Iterator[Diagnostic]:
        attributes = self.simulation.subject.facts.attributes
        if not _matches(node.plain(), attributes):
            yield Diagnostic(node.position, f"expected the attributes {_say(node.plain())}, got {_say(attributes)}")

    def _equal(self, node: Node, what: str, got: object, advice: str = "") -> Iterator[Diagnostic]:
        if node.plain() != got:
            yield Diagnostic(node.position, f"expected {what} to be {_say(node.plain())}, got {_say(got)}", advice)

    _CHECKS: dict[str, Callable[["_Comparison", Node], Iterator[Diagnostic]]] = {
        "sends": _sends,
        "tasks": _tasks,
        "notices": _notices,
        "calls": _calls,
        "emits": _emits,
        "starts": _starts,
        "path": _path,
        "end": _end,
        "runs": _runs,
        "goal": _goal,
        "saved": _saved,
        "tags": _tags,
        "attributes": _attributes,
    }


def _matches(wanted: Any, got: Any) -> bool:
    """Whether `got` has everything of `wanted`; mappings may have more."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(_matches(value, got.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list | tuple) and len(got) == len(wanted) and all(map(_matches, wanted, got))
    return bool(wanted == got or (isinstance(got, str) and str(wanted) == got))


def _say(value: Any) -> str:
    """A value on one line, as YAML would have it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_say(one)}" for key, one in value.items() if key not in _HIDDEN) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_say(one) for one in value) + "]"
    return str(value)


_HIDDEN = ("effect", "template", "reason_of_policy", "run")


def _not_expected(expected: Collection[str], got: Seen) -> str:
    """What the contact policy does to a message, if the test says nothing of it; empty if it goes out at once."""
    if any(name in expected for name in OF_POLICY):
        return ""
    if "skipped" in got:
        return f"the contact policy skips it ({got['skipped']}): {got['reason_of_policy']}"
    return f"the contact policy puts it off ({', '.join(got['put_off'])})" if "put_off" in got else ""


def each_channel(send: Send) -> list[Send]:
    """A message by each channel that it may take."""
    each = [structs.replace(send, channel=channel, template=template) for channel, template in send.templates.items()]
    return each or [send]


def _see_send(effect: Effect) -> Seen | None:
    if not isinstance(effect, Send):
        return None
    return {
        effect.channel: effect.template,
        "to": effect.recipient.address(effect.channel),
        "purpose": effect.topic or effect.purpose,
        "not_after": format_duration(effect.not_after - effect.decided_at),
        "step": effect.step,
        "template": effect.template,
        "effect": effect,
    }


def _see_task(effect: Effect, steps: dict[str, str]) -> Seen | None:
    match effect:
        case OpenTask():
            opened = {"title": effect.title, "skill": effect.skill, "roles": list(effect.roles)}
            return {"open": effect.step, **opened, "needed": effect.needed, "deadline": effect.deadline}
        case RemindTask():
            return {"remind": steps.get(effect.id, "")}
        case EscalateTask():
            return {"escalate": steps.get(effect.id, ""), "skill": effect.skill, "roles": list(effect.roles)}
        case CloseTask():
            return {"close": steps.get(effect.id, ""), "reason": effect.reason}
        case _:
            return None


def _see_call(effect: Effect) -> Seen | None:
    if isinstance(effect, CallSystem):
        timeout = format_duration(timedelta(seconds=effect.timeout_seconds))
        return {"step": effect.step, "call": effect.operation, "with": effect.given, "timeout": timeout}
    if not isinstance(effect, Http):
        return None
    call = {"step": effect.step, "method": effect.method, "url": effect.url, "headers": effect.headers}
    return {**call, "body": effect.body, "timeout": format_duration(timedelta(seconds=effect.timeout_seconds))}


def _see_emit(effect: Effect) -> Seen | None:
    return {"event": effect.event.type, "data": effect.event.data} if isinstance(effect, Emit) else None


def _see_start(effect: Effect) -> Seen | None:
    return {"workflow": effect.workflow, "data": effect.data} if isinstance(effect, StartRun) else None
