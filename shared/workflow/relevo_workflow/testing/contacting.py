"""What the contact policy does with the messages of a simulation: the notifier's decision, in virtual time."""

import heapq
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_contracts.contact import Contact
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import (
    NOUN,
    Allotment,
    Asked,
    Given,
    Go,
    Later,
    Policy,
    Skip,
    Verdict,
    allot,
    attempted,
    competitor,
    decide,
    decide_before_caps,
)
from relevo_workflow.model.effects import Send
from relevo_workflow.model.state import Shop
from relevo_workflow.testing.simulation import Simulation

_MOST_WAITS = 1000
"""So often a message is put off before it is taken to wait for ever."""


class Contacted(Struct, frozen=True, kw_only=True):
    """What became of a message: when it was sent, or by which rule it was not; `put_off` are the rules before that."""

    sent: datetime | None = None
    skipped: str = ""
    reason: str = ""
    put_off: tuple[str, ...] = ()


class _Waiting(Struct, frozen=True, order=True):
    due: datetime
    number: int


def contacted(policy: Policy, simulation: Simulation) -> dict[str, Contacted]:
    """What `policy` does with every message of `simulation`, by the effect's id; nothing is spread over time."""
    return _Contacting(msgspec.structs.replace(policy, spread=timedelta(0)), simulation).run()


class _Contacting:
    def __init__(self, policy: Policy, simulation: Simulation) -> None:
        self.policy = policy
        self.shop: Shop = simulation.shop
        self.contacts: Sequence[tuple[datetime, Contact]] = simulation.contacts
        sends = [(one.at, one.effect, one.workflow) for one in simulation.effects if isinstance(one.effect, Send)]
        self.deliveries = [delivery_of(send, workflow, simulation) for _, send, workflow in sends]
        self.heap = [_Waiting(at, number) for number, (at, _, _) in enumerate(sends)]
        heapq.heapify(self.heap)
        self.since = [at for at, _, _ in sends]
        self.put_off: list[list[str]] = [[] for _ in sends]
        self.given: list[Given] = []
        self.found: dict[str, Contacted] = {}

    def run(self) -> dict[str, Contacted]:
        while self.heap:
            now = self.heap[0].due
            batch: list[int] = []
            while self.heap and self.heap[0].due == now:
                batch.append(heapq.heappop(self.heap).number)
            allotments = self._allotted(batch, now)
            for number in batch:
                delivery = self.deliveries[number]
                self._settle(number, self._verdict(delivery, now, allotments.get(delivery.id)), now)
        return self.found

    def _allotted(self, batch: Sequence[int], now: datetime) -> Mapping[str, Allotment]:
        wanted = []
        for number in batch:
            delivery = self.deliveries[number]
            one = attempted(self.policy, delivery, self.since[number])
            if one is not None and isinstance(decide_before_caps(self._asked(delivery, now, None), now), Go):
                wanted.append(one)
        waiting = [
            rival
            for each in self.heap
            if self.since[each.number] <= now
            and (rival := competitor(self.policy, self.deliveries[each.number], each.due)) is not None
        ]
        found = allot(wanted, self.given, waiting, now)
        for one in wanted:
            if found[one.id].instead is None:
                place = Given(id=one.id, at=now, purpose=one.purpose, channel=one.channel, content=one.content)
                self.given.append(place)
        return found

    def _verdict(self, delivery: SendDelivery, now: datetime, allotment: Allotment | None) -> Verdict:
        asked = self._asked(delivery, now, allotment)
        if now <= delivery.not_after and not asked.contact.address(delivery.channel):
            return Skip("no_address", f"{NOUN[delivery.channel]} is not known")
        return decide(asked, now)

    def _settle(self, number: int, verdict: Verdict, now: datetime) -> None:
        delivery, put_off = self.deliveries[number], self.put_off[number]
        if isinstance(verdict, Later) and len(put_off) < _MOST_WAITS:
            put_off.append(verdict.rule)
            heapq.heappush(self.heap, _Waiting(verdict.at, number))
            return
        told = tuple(dict.fromkeys(put_off))
        if isinstance(verdict, Go):
            self.found[delivery.id] = Contacted(sent=now, put_off=told)
        else:
            rule, reason = verdict.rule, verdict.reason
            self.found[delivery.id] = Contacted(skipped=rule, reason=reason, put_off=told)

    def _asked(self, delivery: SendDelivery, now: datetime, allotment: Allotment | None) -> Asked:
        contact = delivery.recipient if delivery.to == "contact" else self._contact(now)
        return asked_of(self.policy, delivery, contact, self.shop.timezone, allotment)

    def _contact(self, now: datetime) -> Contact:
        """The customer's contact as it was known then."""
        return self.contacts[max(0, bisect_right(self.contacts, now, key=lambda one: one[0]) - 1)][1]


def asked_of(
    policy: Policy, delivery: SendDelivery, contact: Contact, zone: str, allotment: Allotment | None = None
) -> Asked:
    """The question whether a message may go out to a contact of a shop in `zone`."""
    return Asked(
        policy=policy,
        channel=delivery.channel,
        purpose=delivery.purpose,
        topic=delivery.topic,
        key=delivery.id,
        contact=contact,
        country=contact.country,
        shop_zone=zone,
        not_after=delivery.not_after,
        allotment=allotment,
    )


def delivery_of(send: Send, workflow: str, simulation: Simulation) -> SendDelivery:
    """The delivery that the engine makes of an effect."""
    return SendDelivery(
        id=send.id,
        shop=simulation.subject.shop,
        key=simulation.subject.key,
        run_id="",
        workflow=workflow,
        definition="",
        step=send.step,
        channel=send.channel,
        purpose=send.purpose,
        topic=send.topic,
        template=send.template,
        recipient=send.recipient,
        to=send.to,
        context=send.context,
        decided_at=send.decided_at,
        not_after=send.not_after,
    )
