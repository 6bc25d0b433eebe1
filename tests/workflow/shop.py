"""The domain's language for tests: a workflow from its text, a customer in virtual time, what the customer gets."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import Any, TypeVar

from relevo_contracts.consents import Consent
from relevo_contracts.contact import Contact
from relevo_contracts.envelope import Event
from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.effects import Effect, Send
from relevo_workflow.model.inputs import EventInput, StartInput, TaskInput
from relevo_workflow.model.state import Facts, GoalReached, Run, Shop, Subject
from relevo_workflow.syntax.diagnostics import Diagnostic, WorkflowError
from relevo_workflow.syntax.durations import format_duration, parse_duration
from relevo_workflow.testing.simulation import Answer, Simulation

T = TypeVar("T")
START = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
CUSTOMER = "ana"
SHOP = Shop(id="casa-luna", name="Casa Luna", domain="casa-luna.example.com", locale="es-ES", timezone="Europe/Madrid")
CART = """
workflow: abandoned-cart
key: trigger.checkout_token
trigger: {event: checkout.started, when: event.total.amount > 0.0}
restart: {event: checkout.updated, where: event.checkout_token == trigger.checkout_token}
exit: [{event: order.placed, where: event.checkout_token == trigger.checkout_token, reason: bought}]
goal: {event: order.placed, where: event.checkout_token == trigger.checkout_token, within: 7d, value: event.total}
steps:
  - wait: 4h
  - send: {channel: email, template: reminder, purpose: marketing}
  - wait: 1d
  - branch:
      - when: customer.orders_count == 0
        steps:
          - send: {channel: email, template: discount, purpose: marketing}
      - otherwise:
        steps:
          - send: {channel: email, template: last-call, purpose: marketing}
"""
"""An abandoned cart of four steps, with all that surrounds them."""
MAIL = """
channel: email
layout: message
en: {subject: Hello, heading: Hello, body: [Hello]}
"""
SMS = """
channel: sms
en: {text: Hello}
"""


def mail_saying(*lines: str) -> str:
    """A mail template whose paragraphs are `lines`."""
    return f"channel: email\nlayout: message\nen: {{subject: Hello, heading: Hello, body: {json.dumps(lines)}}}\n"


def files(text: str, *templates: str, **more: str) -> dict[str, str]:
    """The files of a workflow: its text, and a template for each name (`sms-…` for SMS)."""
    found = {"workflow.yaml": dedent(text), "layouts/message.mjml": "<mjml></mjml>", "layouts/message.txt": ""}
    for name in templates:
        found[f"templates/{name}.yaml"] = SMS if name.startswith("sms-") else MAIL
    return {**found, **{path.replace("__", "/"): dedent(content) for path, content in more.items()}}


def a_workflow(text: str, *templates: str, **more: str) -> Definition:
    """The workflow of `text`, with plain templates of these names."""
    return load_workflow(files(text, *templates, **more))


def problems_of(text: str, *templates: str, **more: str) -> list[Diagnostic]:
    """Everything that is wrong with the workflow of `text`."""
    try:
        a_workflow(text, *templates, **more)
    except WorkflowError as error:
        return list(error.diagnostics)
    return []


def an_event(event_type: str, at: datetime = START, /, event_id: str = "", key: str = CUSTOMER, **data: Any) -> Event:
    """An event of the customer; `data` is its payload."""
    historical, test = bool(data.pop("historical", False)), bool(data.pop("rehearsal", False))
    if not event_type.startswith("product."):
        data.setdefault("customer", {"email": "ana@example.com"})
    return Event(
        id=event_id or f"{event_type}@{at.isoformat()}",
        source="test",
        type=event_type,
        time=at,
        shop=SHOP.id,
        key=key,
        data=data,
        receivedtime=at,
        historical=historical,
        test=test,
    )


def known(**facts: Any) -> Facts:
    """Facts about a customer who agreed to hear from the shop."""
    granted = Consent(state="granted", at=START - timedelta(days=30))
    contact = Contact(email="ana@example.com", timezone=facts.pop("timezone", ""), email_consent=granted)
    return Facts(contact=contact, **facts)


def euros(amount: str) -> dict[str, str]:
    """An amount of money."""
    return {"amount": amount, "currency": "EUR"}


class Customer:
    """A customer in virtual time. Times are given by how long after the start they are."""

    def __init__(
        self,
        *definitions: Definition,
        facts: Facts | None = None,
        answers: dict[str, Answer] | None = None,
        shop: Shop = SHOP,
        at: datetime = START,
    ) -> None:
        subject = Subject(shop=shop.id, key=CUSTOMER, facts=facts or known())
        self.start = at
        self.simulation = Simulation(definitions, subject, at, shop=shop, answers=answers)

    def after(self, length: str) -> datetime:
        return self.start + parse_duration(length)

    def does(self, event_type: str, after: str = "0m", /, **data: Any) -> "Customer":
        """Something happens, so long after the start."""
        event = an_event(event_type, self.after(after), **data)
        self.simulation.give(EventInput(event))
        return self

    def is_started(self, workflow: str, after: str = "0m", **data: Any) -> "Customer":
        """Someone of the staff starts a workflow by hand."""
        start = StartInput(id=f"start@{after}", workflow=workflow, at=self.after(after), data=data)
        self.simulation.give(start)
        return self

    def staff(self, done: Any, step: str, after: str, by: str = "sam@example.com", role: str = "") -> "Customer":
        """Someone of the staff answers the newest task of a step."""
        self.simulation.run_before(self.after(after))
        task = [one for one in self.simulation.effects if getattr(one.effect, "step", "") == step][-1]
        answer = TaskInput(
            id=f"{done}-{by}@{after}",
            task_id=task.effect.id,
            run_id=task.run,
            at=self.after(after),
            done=done,
            by=by,
            role=role,
        )
        self.simulation.give(answer)
        return self

    def waits(self, until: str) -> "Customer":
        """Time passes until so long after the start."""
        self.simulation.run_until(self.after(until))
        return self

    def ends(self) -> "Customer":
        """Time passes until every run has ended."""
        self.simulation.finish()
        return self

    @property
    def messages(self) -> list[tuple[str, str]]:
        """The messages: their template, and how long after the start they were decided."""
        return [
            (effect.template, _after(effect.decided_at - self.start))
            for effect in self.effects
            if isinstance(effect, Send)
        ]

    @property
    def templates(self) -> list[str]:
        """The templates of the messages, in order."""
        return [template for template, _ in self.messages]

    @property
    def effects(self) -> list[Effect]:
        return [one.effect for one in self.simulation.effects]

    def effects_of(self, kind: type[T]) -> list[T]:
        return [one for one in self.effects if isinstance(one, kind)]

    @property
    def runs(self) -> list[Run]:
        """Every run, in the order of their starts, as it is now."""
        return list(self.simulation.runs.values())

    @property
    def run(self) -> Run:
        """The only run."""
        (run,) = self.runs
        return run

    @property
    def goal(self) -> GoalReached:
        """The goal of the only run, which has reached it."""
        assert self.run.goal is not None
        return self.run.goal

    @property
    def ended(self) -> tuple[str, str]:
        """Why the only run ended, and how long after the start."""
        assert self.run.ended_at is not None
        return self.run.end_reason, _after(self.run.ended_at - self.start)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the decisions, in order."""
        return [decision.kind for decision in self.simulation.decisions]

    @property
    def reasons(self) -> list[str]:
        return [decision.reason for decision in self.simulation.decisions]

    @property
    def path(self) -> Sequence[str]:
        """The way of all runs."""
        return [entry for decision in self.simulation.decisions for entry in decision.path]

    @property
    def facts(self) -> Facts:
        return self.simulation.subject.facts


def _after(length: timedelta) -> str:

    return format_duration(length)


def checkout(customer: Customer, after: str = "0m", token: str = "t1", amount: str = "49.00") -> Customer:
    """A checkout is begun."""
    return customer.does("checkout.started", after, checkout_token=token, total=euros(amount))
