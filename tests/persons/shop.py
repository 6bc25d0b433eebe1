"""A shop with its persons: events find their keys in the database, the core decides, the notifier's rules choose."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from relevo_contracts.contact import Contact, apply_event, join
from relevo_contracts.envelope import Event
from relevo_contracts.messages import SendDelivery
from relevo_contracts.payloads import EVENT_TYPES, CustomerMerged
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.core.aliases import Lookup, named, person
from relevo_notifier.core import policy
from relevo_notifier.core.work import Work
from relevo_runtime.postgres import Pool
from relevo_workflow import EventInput, Send, Subject, handle, merge_customers
from tests.workflow.shop import a_workflow

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
NEWS = a_workflow(
    """
    workflow: news
    key: trigger.order_id
    trigger: {event: [order.placed, refund.created]}
    reentry: several
    steps: [{send: {channel: email, template: news, purpose: transactional}}]
    """,
    "news",
)
OFFER = a_workflow(
    """
    workflow: offer
    trigger: {event: customer.logged_in}
    reentry: several
    steps:
      - {id: mail, send: {channel: email, template: offer, purpose: marketing}}
      - {id: text, send: {channel: sms, template: sms-offer, purpose: marketing}}
    """,
    "offer",
    "sms-offer",
)


class World:
    """Shops and all their persons."""

    def __init__(self, pool: Pool) -> None:
        self.identity = Identity(pool)
        self.subjects: dict[tuple[str, str], Subject] = {}
        self.contacts: dict[tuple[str, str], Contact] = {}
        self.sent: list[tuple[str, str]] = []
        self._minutes = 0

    async def tell(self, event_type: str, shop: str = "tea", /, **data: Any) -> str:
        """Something happens; returns whose it is. `sent` has (workflow, address) of what went out."""
        payload = msgspec.convert({"customer": {}, **data}, EVENT_TYPES[event_type])
        key = await self.identity.key(Lookup(shop, person(payload).aliases))
        self._minutes += 1
        at = MORNING + timedelta(minutes=self._minutes)
        event = Event(
            id=str(self._minutes), source="test", type=event_type, time=at, shop=shop, key=key,
            data=msgspec.to_builtins(payload), receivedtime=at,
        )  # fmt: skip
        who = (shop, key)
        subject = self.subjects.get(who, Subject(shop=shop, key=key))
        contact = apply_event(self.contacts.get(who, Contact()), payload, at)
        if isinstance(payload, CustomerMerged):
            for gone in await self._merged(payload, shop, key):
                subject = merge_customers(subject, [self.subjects.pop(gone)], {}, at, event.id).subject
                contact = join(contact, self.contacts.pop(gone))
        self.contacts[who] = contact
        handled = handle([NEWS, OFFER], {}, subject, EventInput(event), at)
        self.subjects[who] = handled.subject
        for effect in (effect for decision in handled.decisions for effect in decision.effects):
            if isinstance(effect, Send):
                self._send(effect, who)
        return key

    async def _merged(self, payload: CustomerMerged, shop: str, kept: str) -> list[tuple[str, str]]:
        keys = await self.identity.known(shop, [named(buyer)[0] for buyer in payload.merged])
        await self.identity.merge(shop, keys, kept)
        return [(shop, key) for key in keys]

    def _send(self, effect: Send, who: tuple[str, str]) -> None:
        delivery = SendDelivery(
            id=effect.id, shop=who[0], key=who[1], run_id="", workflow="", definition="", step=effect.step,
            channel=effect.channel, purpose=effect.purpose, template=effect.template, recipient=effect.recipient,
            to=effect.to, context={}, decided_at=effect.decided_at, not_after=effect.not_after,
        )  # fmt: skip
        work = Work(delivery=delivery, lease=MORNING, accepted_at=MORNING, known=self.contacts.get(who))
        verdict = policy.may_send(delivery, work.contact(), frozenset(), effect.decided_at)
        if isinstance(verdict, policy.MaySend):
            self.sent.append((effect.template, verdict.address))
