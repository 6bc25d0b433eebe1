"""The tests of a contact policy: a table of messages, each with what the policy says of it then."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, cast, get_args

import msgspec

from relevo_contracts.consents import Consent, ConsentState
from relevo_contracts.contact import CHANNELS, Channel, Contact, address_of
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Given, Go, Later, Policy, Verdict, allot, attempted, competitor, decide
from relevo_contracts.zones import zone as known_zone
from relevo_contracts.zones import zone_of
from relevo_workflow.syntax.diagnostics import Diagnostic, Problems, suggestion
from relevo_workflow.syntax.durations import parse_duration
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node, read_yaml
from relevo_workflow.syntax.zones import instant
from relevo_workflow.testing.contacting import asked_of
from relevo_workflow.testing.coverage import Coverage
from relevo_workflow.testing.runner import SuiteResult, TestResult

POLICY_TESTS = "policy.tests.yaml"
_SUITE = "policy"
_ADDRESS = {"email": "ana@example.com", "phone": "+12025550123"}
_STATES = get_args(ConsentState)
_EXPECTED = ("sent", "skipped", "put_off")


def run_policy_tests(policy: Policy, file: str, text: str) -> SuiteResult:
    """Runs every case of a file of tests. Never raises for a bad case: it says what is wrong."""
    problems = Problems()
    root = read_yaml(file, text, problems)
    results: list[TestResult] = []
    if root is not None:
        fields = Fields(root, problems, "a file of tests", "tests: […]")
        given = fields.get("given")
        fields.need("tests")
        exact = msgspec.structs.replace(policy, spread=timedelta(0))
        fields.each("tests", lambda node: results.append(_Case(exact, given, node, problems).run()))
        fields.done()
    return SuiteResult(_SUITE, tuple(results), tuple(dict.fromkeys(problems.errors)), Coverage((), ()))


class _Case:
    """One message. What all cases of the file share is in `given`."""

    def __init__(self, policy: Policy, given: Node | None, node: Node, problems: Problems) -> None:
        self.policy = policy
        self.problems = problems
        self.node = node
        entries = {**((given.entries if given is not None else None) or {}), **(node.entries or {})}
        keys = {**(given.keys if given is not None else {}), **node.keys}
        self.fields = Fields(_merged(node, entries, keys), problems, "a case", "{at: …, purpose: …, expect: sent}")
        self.zone = self._zone()
        self.now = self._time("at") or datetime(2026, 1, 1, tzinfo=self.zone)

    def run(self) -> TestResult:
        name, expect = self.fields.text("name"), self.fields.need("expect", "sent, or {skipped: no_consent}")
        delivery, contact = self._delivery("case", self.fields, self.now), self._contact()
        before, waiting = self._others("before"), self._others("waiting")
        suppressed = self.fields.choice("suppressed", ("true", "false"), "false") == "true"
        unsubscribed = self._time("unsubscribed")
        self.fields.done()
        asked = msgspec.structs.replace(
            asked_of(self.policy, delivery, contact, self.zone_name),
            suppressed=suppressed,
            unsubscribed=unsubscribed,
        )
        wanted = attempted(self.policy, delivery, self.now)
        if wanted is not None:
            given = [_place(self.policy, one) for one in before if competitor(self.policy, one, self.now) is not None]
            rivals = [competitor(self.policy, one, one.decided_at) for one in waiting]
            found = allot([wanted], given, [one for one in rivals if one is not None], self.now)
            asked = msgspec.structs.replace(asked, allotment=found[wanted.id])
        failures = self._differences(expect, decide(asked, self.now)) if expect is not None else []
        return TestResult(name or f"line {self.node.position.line}", self.node.position, tuple(failures))

    # --- what is given -----------------------------------------------------------------------------------------

    def _zone(self) -> Any:
        self.zone_name = self.fields.text("zone", "UTC")
        if known_zone(self.zone_name) is None:
            self.fields.wrong("zone", f"there is no time zone '{self.zone_name}'", "a name like Europe/Madrid")
        return zone_of(self.zone_name)

    def _time(self, name: str, node: Node | None = None) -> datetime | None:
        """A time in the zone of the case, one with a zone, or `-2d` from the time of the case."""
        node = node or (self.fields.need(name) if name == "at" else self.fields.get(name))
        if node is None:
            return None
        text = node.text.strip()
        try:
            if text.startswith(("+", "-")):
                return self.now + parse_duration(text)
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.problems.error(node.position, f"'{text}' is not a time", "2026-03-10 10:00, or -2d before the case")
            return None
        return moment if moment.tzinfo is not None else instant(moment.date(), moment.time(), self.zone)

    def _delivery(self, id_: str, fields: Fields, at: datetime) -> SendDelivery:
        channel = cast(Channel, fields.choice("channel", CHANNELS, "email") or "email")
        purpose = fields.text("purpose", "marketing")
        if purpose not in ("marketing", "transactional") and purpose not in self.policy.purposes:
            fields.wrong("purpose", f"there is no purpose '{purpose}'", suggestion(purpose, self.policy.purposes))
        legal: Literal["marketing", "transactional"] = "transactional" if purpose == "transactional" else "marketing"
        length = fields.duration("not_after", timedelta(days=365)) or timedelta(days=365)
        return SendDelivery(
            id=id_,
            shop="shop",
            key="customer",
            run_id="",
            workflow=fields.text("workflow", "a-workflow"),
            definition="",
            step=id_,
            channel=channel,
            purpose=legal,
            topic="" if purpose == legal else purpose,
            template=fields.text("template", id_),
            recipient=Contact(),
            context={},
            decided_at=at,
            not_after=at + length,
        )

    def _contact(self) -> Contact:
        agreed = self.fields.get("consents")
        said: dict[str, Consent] = {}
        for name, one in ((agreed.entries if agreed is not None else None) or {}).items():
            if one.text not in _STATES:
                self.problems.error(one.position, f"consent can't be '{one.text}'", suggestion(one.text, _STATES))
                continue
            said[name] = Consent(state=cast(ConsentState, one.text), at=self.now - timedelta(days=1))
        marketing = said.pop("marketing", Consent())
        bought = self.fields.choice("bought", ("true", "false"), "false") == "true"
        contact = Contact(
            email=_ADDRESS["email"],
            phone=_ADDRESS["phone"],
            country=self.fields.text("country"),
            timezone=self._timezone(),
            email_consent=marketing,
            sms_consent=marketing,
            whatsapp_consent=marketing,
            push_consent=marketing,
        )
        topics = {
            f"{channel}/{name}:{address_of(contact, channel)}": one
            for channel in CHANNELS
            for name, one in said.items()
        }
        contact = msgspec.structs.replace(contact, topics=topics)
        return msgspec.structs.replace(contact, bought_at=self.now - timedelta(days=30)) if bought else contact

    def _timezone(self) -> str:
        """The recipient's zone, if it is known."""
        name = self.fields.text("timezone")
        if name and known_zone(name) is None:
            self.fields.wrong("timezone", f"there is no time zone '{name}'", "a name like America/New_York")
        return name

    def _others(self, name: str) -> list[SendDelivery]:
        """Other messages to the same person: those that went out before, or those that wait."""
        found: list[SendDelivery] = []

        def read(node: Node) -> None:
            fields = Fields(node, self.problems, f"an element of '{name}'", "{at: -2d, purpose: marketing}")
            at = fields.need("at")
            when = self._time("at", at) if at is not None else None
            found.append(self._delivery(f"{name}-{len(found)}", fields, when or self.now))
            fields.done()

        self.fields.each(name, read)
        return found

    # --- what is expected --------------------------------------------------------------------------------------

    def _differences(self, expect: Node, verdict: Verdict) -> list[Diagnostic]:
        got = self._as_expected(verdict)
        if expect.entries is None:
            wanted: Mapping[str, str] = {expect.text: ""}
        else:
            wanted = {name: one.text for name, one in expect.entries.items()}
        if not wanted.keys() & set(_EXPECTED) or wanted.keys() - {*_EXPECTED, "until"}:
            self.problems.error(expect.position, "this can't be expected", "sent, skipped: RULE, or put_off: RULE")
            return []
        said = ", ".join(f"{name}: {one}" if one else name for name, one in got.items() if name != "reason")
        for name, one in wanted.items():
            if name == "until" and expect.entries is not None:
                at = self._time(name, expect.entries[name])
                same = isinstance(verdict, Later) and at is not None and verdict.at == at
            else:
                same = name in got and one in ("", got[name])
            if not same:
                message = f"expected {name}{f' {one}' if one else ''}, got {said}"
                return [Diagnostic(expect.position, message, got.get("reason", ""))]
        return []

    def _as_expected(self, verdict: Verdict) -> dict[str, str]:
        if isinstance(verdict, Go):
            return {"sent": ""}
        if isinstance(verdict, Later):
            until = f"{verdict.at.astimezone(self.zone):%Y-%m-%d %H:%M}"
            return {"put_off": verdict.rule, "until": until, "reason": verdict.reason}
        return {"skipped": verdict.rule, "reason": verdict.reason}


def _place(policy: Policy, delivery: SendDelivery) -> Given:
    """The place of a message that went out."""
    one = attempted(policy, delivery, delivery.decided_at)
    return Given(
        id=delivery.id,
        at=delivery.decided_at,
        purpose=delivery.topic or delivery.purpose,
        channel=delivery.channel,
        content=one.content if one is not None else b"",
    )


def _merged(node: Node, entries: Mapping[str, Node], keys: Mapping[str, Any]) -> Node:
    if node.entries is None:
        return node
    return Node(node.position, entries=dict(entries), keys=dict(keys))
