"""What the contact policy does with the messages of a simulation: the notifier's decision, in virtual time."""

import heapq
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from relevo_contracts.contact import Channel, Contact
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
    order_of,
)
from relevo_workflow.model.effects import Recall, Send
from relevo_workflow.model.state import Shop
from relevo_workflow.testing.simulation import Simulation

_MOST_WAITS = 1000
"""So often a message is put off before it is taken to wait for ever."""


class Contacted(Struct, frozen=True, kw_only=True):
    """What became of a message: when it was sent, or by which rule it was not; `put_off` are the rules before that.

    `channel` is the one that was chosen.
    """

    sent: datetime | None = None
    channel: Channel
    skipped: str = ""
    reason: str = ""
    put_off: tuple[str, ...] = ()


class _Waiting(Struct, frozen=True, order=True):
    due: datetime
    number: int


def contacted(policy: Policy, simulation: Simulation) -> dict[str, Contacted]:
    """What `policy` does with every message of `simulation`, by the effect's id; nothing is spread over time."""
    return _Contacting(structs.replace(policy, spread=timedelta(0)), simulation).run()


class _Contacting:
    def __init__(self, policy: Policy, simulation: Simulation) -> None:
        self.policy = policy
        self.shop: Shop = simulation.shop
        self.contacts: Sequence[tuple[datetime, Contact]] = simulation.contacts
        sends = [(one.at, one.effect, one.workflow) for one in simulation.effects if isinstance(one.effect, Send)]
        self.deliveries = [delivery_of(send, workflow, simulation) for _, send, workflow in sends]
        self.heap = [_Waiting(at, number) for number, (at, _, _) in enumerate(sends)]
        heapq.heapify(self.heap)
        self.waited: set[str] = set()
        self.since = [at for at, _, _ in sends]
        self.recalled = {id_: (one.at, one.effect.reason) for one in simulation.effects
                         if isinstance(one.effect, Recall) for id_ in one.effect.deliveries}  # fmt: skip
        self.put_off: list[list[str]] = [[] for _ in sends]
        self.given: list[Given] = []
        self.found: dict[str, Contacted] = {}

    def run(self) -> dict[str, Contacted]:
        while self.heap:
            now = self.heap[0].due
            batch: list[int] = []
            while self.heap and self.heap[0].due == now:
                batch.append(heapq.heappop(self.heap).number)
            for number in batch:
                self.deliveries[number] = self._by_best_channel(self.deliveries[number], now)
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
            if one is not None and isinstance(self._before_caps(delivery, now), Go):
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

    def _by_best_channel(self, delivery: SendDelivery, now: datetime) -> SendDelivery:
        """The message by the first channel that it may take; as it is if it may take none."""
        contact = delivery.recipient if delivery.to == "contact" else self._contact(now)
        for channel in order_of(self.policy, contact, delivery.templates):
            by = structs.replace(delivery, channel=channel, template=delivery.templates[channel])
            if not isinstance(self._before_caps(by, now), Skip):
                return by
        return delivery

    def _before_caps(self, delivery: SendDelivery, now: datetime) -> Verdict:
        asked = self._asked(delivery, now, None)
        return _without_address(asked, now) or decide_before_caps(asked, now)

    def _verdict(self, delivery: SendDelivery, now: datetime, allotment: Allotment | None) -> Verdict:
        asked = self._asked(delivery, now, allotment)
        return _without_address(asked, now) or decide(asked, now)

    def _settle(self, number: int, verdict: Verdict, now: datetime) -> None:
        delivery, put_off = self.deliveries[number], self.put_off[number]
        if isinstance(verdict, Later) and len(put_off) < _MOST_WAITS:
            put_off.append(verdict.rule)
            self.waited.add(delivery.id)
            recalled = self.recalled.get(delivery.id)  # what waits is looked at when its run ends
            at = min(verdict.at, max(recalled[0], now)) if recalled is not None else verdict.at
            heapq.heappush(self.heap, _Waiting(at, number))
            return
        told = tuple(dict.fromkeys(put_off))
        if isinstance(verdict, Go):
            self.found[delivery.id] = Contacted(channel=delivery.channel, sent=now, put_off=told)
        else:
            rule, reason = verdict.rule, verdict.reason
            channel = delivery.channel
            self.found[delivery.id] = Contacted(channel=channel, skipped=rule, reason=reason, put_off=told)

    def _asked(self, delivery: SendDelivery, now: datetime, allotment: Allotment | None) -> Asked:
        contact = delivery.recipient if delivery.to == "contact" else self._contact(now)
        asked = asked_of(self.policy, delivery, contact, self.shop.timezone, allotment)
        return structs.replace(asked, recalled=self._recalled(delivery.id, now))

    def _recalled(self, id_: str, now: datetime) -> str:
        """Why a message that waits is not to be sent any more; empty if it may be."""
        at, reason = self.recalled.get(id_, (now, ""))
        return reason if id_ in self.waited and at <= now else ""

    def _contact(self, now: datetime) -> Contact:
        """The customer's contact as it was known then."""
        return self.contacts[max(0, bisect_right(self.contacts, now, key=lambda one: one[0]) - 1)][1]


def _without_address(asked: Asked, now: datetime) -> Skip | None:
    if now > asked.not_after or asked.contact.reachable(asked.channel):
        return None
    return Skip("no_address", f"{NOUN[asked.channel]} is not known")


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
        templates=send.templates,
        template=send.template,
        recipient=send.recipient,
        to=send.to,
        context=send.context,
        decided_at=send.decided_at,
        not_after=send.not_after,
    )
