"""Reads what stands above the steps: triggers, exits, goal, re-entry, enrolment, window."""

import re
from dataclasses import dataclass, replace
from datetime import time, timedelta

from relevo_contracts.event_types import EventTypes
from relevo_contracts.keys import PRODUCT_EVENTS
from relevo_workflow.definition import workflow as parts
from relevo_workflow.definition.calendar_rules import check_cron, check_rrule
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.shapes import OCCASIONS, UNKNOWN
from relevo_workflow.steps.arm_labels import exit_labels
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.fields import Fields, parse_time, parse_weekday
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.syntax.zones import TimeWindow
from relevo_workflow.values.reader import Reading

_TRIGGERS = ("event", "date", "inactivity", "segment", "schedule", "manual")
_SINCE = ("last_order_at", "last_seen_at", "last_active_at", "first_order_at", "first_seen_at")
EMPTY_WINDOW_ADVICE = 'write {from: "09:00", until: "20:00"}'


@dataclass(frozen=True, slots=True)
class TriggerKinds:
    """The types that `trigger` can be: of events that start or restart a run, and of occasions."""

    started_by: tuple[str, ...]
    restarted_by: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every type, each once."""
        return tuple(dict.fromkeys((*self.started_by, *self.restarted_by)))


def trigger_kinds(root: Node, known: EventTypes) -> TriggerKinds:
    """A first look at the triggers, so that expressions can be checked against them."""
    entries = root.entries or {}
    started = [kind for node in _each(entries.get("trigger")) for kind in _kinds_of(node, known)]
    restarted = [kind for node in _each(entries.get("restart")) for kind in _kinds_of(node, known)]
    restarted = [kind for kind in restarted if kind in known or kind == UNKNOWN]
    return TriggerKinds(tuple(dict.fromkeys(started or [UNKNOWN])), tuple(dict.fromkeys(restarted)))


def _each(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if node.items is not None else (node,)


def _kinds_of(node: Node, known: EventTypes) -> list[str]:
    entries = node.entries or {}
    event = entries.get("event")
    if event is not None:
        return [one.text if one.text in known else UNKNOWN for one in _each(event)]
    return [kind for kind in OCCASIONS if kind in entries]


class HeaderReader:
    """Reads the header's fields; the names of a trigger's own condition are its event and the customer."""

    def __init__(self, reading: Reading, segments: dict[str, parts.Segment]) -> None:
        self.reading = reading
        self.problems: Problems = reading.problems
        self.segments = segments
        self._about_product = False

    def _where(self, fields: Fields, name: str, events: tuple[str, ...]) -> Expression | None:
        node = fields.get(name)
        if node is None:
            return None
        names = self.reading.about(*events) if "event" in fields else self.reading.environment.without_event()
        return self.reading.condition(node, names)

    def triggers(self, root: Fields) -> tuple[parts.Trigger, ...]:
        """Every trigger of the workflow."""
        found: list[parts.Trigger] = []
        node = root.need("trigger", "what starts it: trigger: {event: order.placed}")
        if node is not None and node.items == ():
            self.problems.error(node.position, "nothing starts it", "trigger: {event: order.placed}")
        root.each("trigger", lambda node: found.extend(self._trigger(node)))
        starts = (one.event for one in found if isinstance(one, parts.EventTrigger))
        self._about_product = any(event.startswith(PRODUCT_EVENTS) for event in starts)
        return tuple(found)

    def _trigger(self, node: Node) -> list[parts.Trigger]:
        fields = Fields(node, self.problems, "a trigger", "trigger: {event: order.placed}")
        kinds = [kind for kind in _TRIGGERS if kind in fields]
        if len(kinds) != 1:
            if node.entries is not None:
                self.problems.error(node.position, "a trigger needs exactly one of " + ", ".join(_TRIGGERS))
            return []
        if kinds[0] == "event":
            events = self.reading.event_types(fields, "event")
            test = fields.choice("test", ("false", "true")) == "true"
            found: list[parts.Trigger] = [
                parts.EventTrigger(event, self._when(fields, event), test) for event in events
            ]
            if not events:
                self._when(fields, UNKNOWN)
        else:
            when = self._where(fields, "when", ())
            found = [self._occasion(kinds[0], fields, when)]
        fields.done()
        return found

    def _when(self, fields: Fields, event: str) -> Expression | None:
        """A trigger's condition: there, `trigger` and `event` are the same event."""
        node = fields.get("when")
        if node is None:
            return None
        names = self.reading.environment
        return self.reading.condition(node, replace(names, events=(event,), triggers=(event,)))

    def _occasion(self, kind: str, fields: Fields, when: Expression | None) -> parts.Trigger:
        if kind == "date":
            return self._date(fields, when)
        if kind == "inactivity":
            return self._inactivity(fields, when)
        if kind == "segment":
            return self._segment(fields, when)
        if kind == "schedule":
            return self._schedule(fields, when)
        fields.get("manual")
        return parts.ManualTrigger(when)

    def _date(self, fields: Fields, when: Expression | None) -> parts.Trigger:
        field = fields.text("date")
        if field != "birthday" and not re.match(r"attributes\..", field):
            fields.wrong("date", f"'{field}' is not a date of the customer", "birthday, or attributes.<name>")
        offset = fields.signed_duration("offset") or timedelta()
        if offset % timedelta(days=1):
            fields.wrong("offset", "the offset of a date must be whole days", "offset: -7d")
        at = fields.time("at", time(9)) or time(9)
        yearly = fields.choice("every", ("year", "once"), "year") == "year"
        return parts.DateTrigger(field, offset, at, yearly, fields.zone(), when)

    def _inactivity(self, fields: Fields, when: Expression | None) -> parts.Trigger:
        after = fields.duration("inactivity") or timedelta(days=1)
        since = fields.choice("since", _SINCE, "last_order_at")
        return parts.InactivityTrigger(since, after, when)

    def _segment(self, fields: Fields, when: Expression | None) -> parts.Trigger:
        segment = fields.choice("segment", {*self.segments, *self.reading.broken}, required=True)
        change = fields.choice("change", ("joined", "left"), "joined")
        return parts.SegmentTrigger(segment, change, when)

    def _schedule(self, fields: Fields, when: Expression | None) -> parts.Trigger:
        node = fields.get("schedule")
        rule = Fields(node, self.problems, "schedule") if node is not None else fields
        cron, rrule = rule.text("cron"), rule.text("rrule")
        for name, text, check in (("cron", cron, check_cron), ("rrule", rrule, check_rrule)):
            wrong = check(text) if text else ""
            if wrong:
                rule.wrong(name, wrong)
        if bool(cron) == bool(rrule):
            self.problems.error(rule.node.position, "schedule needs either 'cron' or 'rrule'")
        segment = rule.choice("segment", {*self.segments, *self.reading.broken})
        zone = rule.zone(default="shop")
        rule.done()
        return parts.ScheduleTrigger(cron, rrule, segment, zone, when)

    def _event_types(self, fields: Fields, *, one: bool = False) -> tuple[str, ...]:
        """The events of an exit, a goal or a restart: those of another key never reach the run."""
        events = self.reading.event_types(fields, "event", one=one)
        for event in events:
            if event.startswith(PRODUCT_EVENTS) and not self._about_product:
                advice = "only wait_for hears of products, by its 'key'"
                fields.wrong("event", f"the run would never hear of {event}", advice)
        return events

    def restarts(self, root: Fields) -> tuple[parts.Restart, ...]:
        """Events that send a run back to its first step."""
        found: list[parts.Restart] = []

        def read(node: Node) -> None:
            fields = Fields(node, self.problems, "restart")
            events = self._event_types(fields)
            where = self._where(fields, "where", events)
            fields.done()
            found.extend(parts.Restart(event, where) for event in events)

        root.each("restart", read)
        return tuple(found)

    def exits(self, root: Fields) -> tuple[parts.Exit, ...]:
        """Events that end a run at once."""
        found: list[parts.Exit] = []
        given = root.get("exit")
        rules = (given.items if given.items is not None else (given,)) if given is not None else ()
        labels = iter(exit_labels(rules))

        def read(node: Node) -> None:
            fields = Fields(node, self.problems, "an exit rule")
            events = self._event_types(fields)
            where = self._where(fields, "where", events)
            reason = fields.text("reason")
            fields.done()
            known = next(labels)
            found.extend(parts.Exit(event, where, reason or event, known[event]) for event in events)

        root.each("exit", read)
        return tuple(found)

    def goal(self, root: Fields) -> parts.Goal | None:
        """What the workflow is for."""
        node = root.get("goal")
        if node is None:
            return None
        fields = Fields(node, self.problems, "goal")
        events = self._event_types(fields, one=True)[:1]
        where = self._where(fields, "where", events)
        within = fields.duration("within", required=True) or timedelta(days=7)
        value_node = fields.get("value")
        value = None
        if value_node is not None:
            names = self.reading.about(*events)
            value = self.reading.expression(value_node, names, want=("relevo.Money", "DOUBLE", "INT"))
        fields.done()
        return parts.Goal(events[0], where, within, value) if events else None

    def reentry(self, root: Fields) -> parts.Reentry:
        """When a customer may come in again."""
        node = root.get("reentry")
        if node is None:
            return parts.Reentry()
        if node.entries is not None:
            fields = Fields(node, self.problems, "reentry")
            after = fields.duration("after", required=True) or timedelta()
            fields.done()
            return parts.Reentry("after", after)
        return parts.Reentry(root.choice("reentry", ("once_ended", "never", "several"), "once_ended"))

    def enrolment(self, root: Fields) -> parts.Enrolment:
        """Who takes part."""
        node = root.get("enrol")
        if node is None:
            return parts.Enrolment()
        fields = Fields(node, self.problems, "enrol")
        customers = frozenset(fields.texts("customers"))
        percent = fields.percent("percent", 0.0 if customers else 100.0)
        fields.done()
        return parts.Enrolment(customers, percent)

    def window(self, root: Fields) -> TimeWindow | None:
        """The local times in which it may send."""
        node = root.get("window")
        if node is None:
            return None
        fields = Fields(node, self.problems, "window")
        opens, closes = fields.time("from", time(0)) or time(0), fields.time("until", time(0)) or time(0)
        days = [(text, parse_weekday(text)) for text in fields.texts("days")]
        for text, day in days:
            if day is None:
                fields.wrong("days", f"'{text}' is not a weekday", "mon, tue, wed, thu, fri, sat, sun")
        unread = any(
            (node := fields.get(name)) is not None and parse_time(node.text) is None for name in ("from", "until")
        )
        if opens == closes and not days and not unread:
            self.problems.error(node.position, "this window never closes", EMPTY_WINDOW_ADVICE)
        zone = fields.zone()
        fields.done()
        numbers = tuple(sorted({day for _, day in days if day is not None}))
        return TimeWindow(opens=opens, closes=closes, days=numbers or tuple(range(7)), zone=zone)

    def key(self, root: Fields) -> Expression | None:
        """What a run is about, as text; `None`: the customer."""
        node = root.get("key")
        return (
            self.reading.expression(node, self.reading.environment.without_event(), want=("STRING",)) if node else None
        )


def read_not_after(root: Fields) -> timedelta:
    """How late is too late for a message of this workflow."""
    return root.duration("not_after", parts.DEFAULT_NOT_AFTER) or parts.DEFAULT_NOT_AFTER
