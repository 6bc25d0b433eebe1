"""The tests beside a workflow: what is given, what happens, what is expected. Times are the customer's local times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any

import msgspec

from relevo_contracts.checking import NOT_A_FIELD, faults_of, path
from relevo_contracts.contact import CHANNELS
from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_contracts.keys import product_key
from relevo_contracts.staff import Member
from relevo_contracts.surveys import ANSWERED
from relevo_contracts.zones import zone as known_zone
from relevo_contracts.zones import zone_of
from relevo_workflow.model.catalogue import Product
from relevo_workflow.model.recommendations import Rankings
from relevo_workflow.model.state import Facts, Shop
from relevo_workflow.syntax.diagnostics import Position, Problems, suggestion
from relevo_workflow.syntax.durations import parse_duration
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node, read_yaml
from relevo_workflow.syntax.zones import instant
from relevo_workflow.testing.expectation_form import check_expected
from relevo_workflow.testing.scenario_event import CUSTOMER_KEY, ScenarioEvent
from relevo_workflow.testing.scenario_orders import read_orders
from relevo_workflow.testing.scenario_products import read_products, read_rankings
from relevo_workflow.testing.scenario_staff import read_staff
from relevo_workflow.testing.scenario_topics import read_topics
from relevo_workflow.testing.simulation import Answer

_SHOP = {"id": "shop", "name": "The Shop", "domain": "shop.example.com", "timezone": "UTC"}
_UNSET = datetime(1970, 1, 1, tzinfo=UTC)
_STAFF = ("approve", "reject", "complete")
_ENGAGED = ("opened", "clicked", "scanned")
_ANSWERED = "answered"
_CONTACT = ("email", "phone", "first_name", "last_name", "locale", "timezone", "country")
_CONSENTS = tuple(f"{channel}_consent" for channel in CHANNELS)
PREFERRED = "preferred_channel"
_TIMES = ("first_order_at", "last_order_at", "first_seen_at", "last_seen_at", "last_active_at")
_KEPT_AS = {"last_active_at": "last_heard_at"}
_PLAIN = ("group", "company", "orders_count", "total_spent", "currency", "tags", "attributes", "birthday")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One test, complete: what all tests of its file share is worked in."""

    name: str
    position: Position
    start: datetime
    zone: tzinfo
    facts: Facts
    shop: Shop
    events: tuple[ScenarioEvent, ...]
    products: dict[str, Product]
    answers: Mapping[str, tuple[Answer, ...]]
    choose: Mapping[str, object]
    until: datetime | None
    expect: Node
    places: Mapping[tuple[str, str], Position] = field(default_factory=dict)
    staff: tuple[Member, ...] = ()
    rankings: Rankings = field(default_factory=dict)

    def place(self, field_name: str, part: str) -> Position:
        """Where a part of `answers` or of `choose` stands."""
        return self.places.get((field_name, part), self.position)


def read_scenarios(file: str, text: str, problems: Problems, types: EventTypes = BUILT_IN) -> list[Scenario]:
    """The tests of a file that can be run, with events of `types`; what is wrong with the others is noted."""
    root = read_yaml(file, text, problems)
    if root is None:
        return []
    fields = Fields(root, problems, "a file of tests")
    given = fields.get("given")
    found: list[Scenario] = []

    def read(node: Node) -> None:
        before = len(problems.found)
        scenario = _Reader(given, node, problems, types).read()
        if scenario is not None and len(problems.found) == before:
            found.append(scenario)

    fields.need("tests")
    fields.each("tests", read)
    fields.done()
    names = [one.name for one in found]
    for number, one in enumerate(found):
        if one.name in names[:number]:
            problems.error(one.position, f"there are two tests '{one.name}'", "another name")
    return found


class _Reader:
    """One test on top of what its file gives."""

    def __init__(self, given: Node | None, node: Node, problems: Problems, types: EventTypes) -> None:
        self.problems = problems
        self.types = types
        self.given = Fields(given, problems, "given") if given is not None else None
        self.test = Fields(node, problems, "a test")
        self.zone: tzinfo = zone_of()
        self.start = _UNSET
        self.customer: dict[str, Any] = {}

    def read(self) -> Scenario | None:
        name = self.test.text("name", required=True)
        self.customer = self._merged("customer")
        shop = self._shop()
        self._check_zone("customer", str(self.customer.get("timezone", "")))
        self.zone = zone_of(str(self.customer.get("timezone", "")), shop.timezone)
        start = self._own("start")
        if start is None:
            self.problems.error(self.test.node.position, "a test needs 'start'", "start: 2026-03-10 10:00, in 'given'")
            return None
        if start.text.strip().startswith("+"):
            self.problems.error(start.position, "'start' is where time begins", "start: 2026-03-10 10:00")
        self.start = self._time(start)
        facts = self._facts()
        events = self._read_events()
        until = self._own("until")
        expect = self.test.need("expect")
        answers, choose = self._merged("answers"), self._merged("choose")
        given = self._own("products")
        products = read_products(given.plain() if given is not None else None, partial(self._wrong, "products"))
        ranked = self._own("recommendations")
        rankings = read_rankings(
            ranked.plain() if ranked is not None else None, products, partial(self._wrong, "recommendations")
        )
        scenario = Scenario(
            name=name,
            position=self.test.node.position,
            start=self.start,
            zone=self.zone,
            facts=facts,
            shop=shop,
            events=tuple(events),
            products=products,
            rankings=rankings,
            answers={step: self._answers(step, one) for step, one in answers.items()},
            choose=choose,
            staff=read_staff(self._own("staff"), self.problems),
            until=self._time(until) if until is not None else None,
            expect=expect or self.test.node,
            places={
                (name, part): self._where(name, part)
                for name, parts in (("answers", answers), ("choose", choose))
                for part in parts
            },
        )
        self._done(expect)
        return scenario

    def _done(self, expect: Node | None) -> None:
        self.test.done()
        if self.given is not None:
            self.given.done()
        if expect is not None:
            check_expected(expect, self.problems)

    def _own(self, name: str) -> Node | None:
        """A field of the test, or else of what is given."""
        shared = self.given.get(name) if self.given is not None else None
        own = self.test.get(name)
        return own if own is not None else shared

    def _merged(self, name: str) -> dict[str, Any]:
        """A mapping of the test over the one that is given."""
        merged: dict[str, Any] = {}
        for source in (self.given, self.test):
            node = source.get(name) if source is not None else None
            if node is not None:
                plain = node.plain()
                if isinstance(plain, dict):
                    merged.update(plain)
                else:
                    self.problems.error(node.position, f"'{name}' must be a mapping, but this is {node.kind}")
        return merged

    def _wrong(self, name: str, message: str, advice: str = "") -> None:
        """Notes a problem with a field of the test or, if it has none, of what is given."""
        fields = self.test if name in self.test or self.given is None else self.given
        fields.wrong(name, message, advice)

    def _check_zone(self, whose: str, zone: str) -> None:
        if zone and known_zone(zone) is None:
            self._wrong(whose, f"there is no time zone '{zone}'", "a name like Europe/Madrid")

    def _answers(self, step: str, given: object) -> tuple[Answer, ...]:
        """The answers to the calls of a step, one after the other; the last one to all that follow."""
        listed = given if isinstance(given, list) and given else [given]
        return tuple(self._answer(step, one) for one in listed)

    def _answer(self, step: str, given: object) -> Answer:
        names = Answer.__struct_fields__
        where = self._where("answers", step)
        unknown = [name for name in given if name not in names] if isinstance(given, dict) else []
        for name in unknown:
            self.problems.error(where, f"the answer to '{step}' has no field '{name}'", suggestion(name, names))
        faults = faults_of(Answer, given, strict=False) if isinstance(given, dict) else []
        for fault in faults:
            message = f"this is not an answer to '{step}': '{path(fault.place)}' {fault.message}"
            self.problems.error(where, message, fault.help)
        if not isinstance(given, dict):
            advice = "{status: 200, body: …}, or {error: …}; or a list of them"
            self.problems.error(where, f"this is not an answer to '{step}': it must be a mapping", advice)
        return msgspec.convert(given, Answer) if isinstance(given, dict) and not faults else Answer()

    def _where(self, name: str, part: str) -> Position:
        """The line of a part of a field, in the test or else in what is given; the field's where they share it."""
        for source in (self.test, self.given):
            node = (source.node.entries or {}).get(name) if source is not None else None
            if node is not None and part in (node.entries or {}):
                inner = node.keys.get(part, node.position)
                return node.position if inner.line == node.position.line else inner
        return self.test.node.position

    def _shop(self) -> Shop:
        given = {**_SHOP, **self._merged("shop")}
        for name in given:
            if name not in Shop.__struct_fields__:
                self._wrong("shop", f"a shop has no field '{name}'", suggestion(name, Shop.__struct_fields__))
        self._check_zone("shop", str(given["timezone"]))
        return msgspec.convert({key: str(value) for key, value in given.items()}, Shop)

    def _time(self, node: Node) -> datetime:
        """A local time (`2026-03-10 10:00`), one with a zone, or `+2h` after the start."""
        text = node.text.strip()
        try:
            if text.startswith("+"):
                return self.start + parse_duration(text)
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.problems.error(
                node.position, f"'{text}' is not a time", "2026-03-10 10:00 (local), or +2h after the start"
            )
            return self.start
        return moment if moment.tzinfo is not None else instant(moment.date(), moment.time(), self.zone)

    def _channel(self, given: str) -> str:
        """The channel that the customer wants first."""
        if not given or given in CHANNELS:
            return given
        where = self._where("customer", PREFERRED)
        self.problems.error(where, f"there is no channel '{given}'", suggestion(given, CHANNELS))
        return ""

    def _facts(self) -> Facts:
        values = dict(self.customer)
        contact: dict[str, Any] = {name: str(values.pop(name)) for name in _CONTACT if name in values}
        contact["preferred"] = self._channel(str(values.pop(PREFERRED, "")))
        for name in _CONSENTS:
            if name in values:
                contact[name] = {"state": values.pop(name), "at": self.start - timedelta(days=1)}
        topics = values.pop("topics", None)
        facts: dict[str, Any] = {name: values.pop(name) for name in _PLAIN if name in values}
        if "total_spent" in facts:
            facts["total_spent"] = str(facts["total_spent"])
        for name in _TIMES:
            if name in values:
                where = self._where("customer", name)
                facts[_KEPT_AS.get(name, name)] = self._time(Node(where, str(values[name]), str(values.pop(name))))
        currency = str(facts.get("currency", ""))
        orders = read_orders(values.pop("orders", None), currency, self._moment, self._wrong_order)
        for name in values:
            known = (*_CONTACT, *_PLAIN, *_TIMES, *_CONSENTS, PREFERRED, "topics", "orders")
            where = self._where("customer", str(name))
            self.problems.error(where, f"a customer has no field '{name}'", suggestion(name, known))
        wrong = partial(self.problems.error, self._where("customer", "topics"))
        contact["topics"] = read_topics(topics, contact, self.start - timedelta(days=1), wrong)
        bought = facts.get("first_order_at") or facts.get("last_order_at")
        if bought is not None or orders:
            contact["bought_at"] = bought or self.start - timedelta(days=1)
        facts["contact"] = contact
        faults = faults_of(Facts, msgspec.to_builtins(facts), strict=False)
        for fault in faults:
            name = str(fault.place[1] if fault.place[0] == "contact" else fault.place[0])
            self.problems.error(self._where("customer", name), f"'{name}' of a customer {fault.message}", fault.help)
        if faults:
            return Facts()
        return msgspec.structs.replace(msgspec.convert(msgspec.to_builtins(facts), Facts), **orders)

    def _moment(self, text: str) -> datetime:
        """When an order was placed: a time, or `-30d` for so long before the start."""
        try:
            return self.start + parse_duration(text)
        except ValueError:
            return self._time(Node(self._where("customer", "orders"), text, text))

    def _wrong_order(self, message: str, advice: str) -> None:
        self.problems.error(self._where("customer", "orders"), message, advice)

    def _read_events(self) -> list[ScenarioEvent]:
        found: list[ScenarioEvent] = []
        trigger = self._own("trigger")
        changed = self._merged("with")
        if trigger is not None and trigger.entries is None and trigger.text != "none":
            self.problems.error(trigger.position, "'trigger' must be a mapping, or none")
        if trigger is not None and trigger.entries is not None:
            fields = Fields(trigger, self.problems, "trigger")
            found.append(self._event(fields, self.start, changed))
        self.test.each("events", lambda node: found.append(self._read_event(node)))
        return found

    def _read_event(self, node: Node) -> ScenarioEvent:
        fields = Fields(node, self.problems, "an event")
        at_node = fields.need("at")
        at = self._time(at_node) if at_node is not None else self.start
        staff = next((kind for kind in _STAFF if kind in fields), "")
        if _ANSWERED in fields:
            return self._answered(fields, at)
        if engaged := next((kind for kind in _ENGAGED if kind in fields), ""):
            return self._engaged(fields, at, engaged)
        if not staff:
            return self._event(fields, at, {})
        scenario_event = ScenarioEvent(
            at=at,
            position=node.position,
            staff=staff,
            step=fields.text(staff),
            step_position=node.entries[staff].position if node.entries else node.position,
            by=fields.text("by", "staff@example.com"),
            role=fields.text("role"),
            note=fields.text("note"),
            answer=self._staff_answer(fields),
        )
        fields.done()
        return scenario_event

    def _engaged(self, fields: Fields, at: datetime, kind: str) -> ScenarioEvent:
        where, step, data = fields.position(kind), fields.text(kind), {"url": fields.text("url")}
        fields.done()
        return ScenarioEvent(at, fields.node.position, f"message.{kind}", data, step=step, step_position=where)

    def _answered(self, fields: Fields, at: datetime) -> ScenarioEvent:
        """A survey that a message asked is answered."""
        where, step, node = fields.position(_ANSWERED), fields.text(_ANSWERED), fields.need("answers", "{score: 4}")
        if node is not None and node.entries is None:
            self.problems.error(node.position, f"'answers' must be a mapping, but this is {node.kind}", "{score: 4}")
        fields.done()
        answers = node.plain() if node is not None else {}
        return ScenarioEvent(at, fields.node.position, ANSWERED, {"answers": answers}, step=step, step_position=where)

    def _staff_answer(self, fields: Fields) -> dict[str, str]:
        """What somebody filled in at a task, as text by name."""
        node = fields.get("data")
        if node is None:
            return {}
        if node.entries is None:
            self.problems.error(
                node.position, f"'data' must be a mapping, but this is {node.kind}", "{outcome: promised}"
            )
        for name, one in (node.entries or {}).items():
            if one.entries is not None or one.items is not None:
                self.problems.error(one.position, f"'{name}' must be text, but this is {one.kind}")
        return {name: one.text for name, one in (node.entries or {}).items()}

    def _event(self, fields: Fields, at: datetime, changed: dict[str, Any]) -> ScenarioEvent:
        manual = "manual" in fields
        event = "" if manual else fields.text("event", required=True)
        data_node = fields.get("manual" if manual else "data")
        data = data_node.plain() if data_node is not None else {}
        data = {**(data if isinstance(data, dict) else {}), **changed}
        product = fields.text("product")
        buyer_node = fields.get("customer")
        buyer = buyer_node.plain() if buyer_node is not None else {}
        historical = fields.choice("historical", ("true", "false")) == "true"
        test = fields.choice("test", ("true", "false")) == "true"
        fields.done()
        if event and not product and "customer" in getattr(self.types.get(event), "__struct_fields__", ()):
            known = {name: str(self.customer[name]) for name in _CONTACT if name in self.customer}
            data = {"customer": {**known, **(buyer if isinstance(buyer, dict) else {})}, **data}
        if event:
            self._check(event, data, fields, changed)
        where = fields.node.position
        key = product_key(product) if product else CUSTOMER_KEY
        return ScenarioEvent(at, where, event, data, key, historical=historical, test=test, manual=manual)

    def _check(self, event: str, data: dict[str, Any], fields: Fields, changed: dict[str, Any]) -> None:
        if event not in self.types:
            fields.wrong("event", f"there is no event '{event}'", suggestion(event, self.types))
            return
        payload = self.types[event]
        data_node = (fields.node.entries or {}).get("data", fields.node)
        for fault in faults_of(payload, data):
            where = self._where("with", str(fault.place[0])) if fault.place[0] in changed else data_node.position
            if fault.message != NOT_A_FIELD:
                message = f"this does not fit {event}: {path(fault.place)} {fault.message}"
                self.problems.error(where, message, fault.help)
                continue
            within = f"'{path(fault.place[:-1])}' of {event}" if len(fault.place) > 1 else event
            known = payload.__struct_fields__ if len(fault.place) == 1 else ()
            self.problems.error(
                where, f"{within} has no field '{fault.place[-1]}'", fault.help or suggestion("", known)
            )
