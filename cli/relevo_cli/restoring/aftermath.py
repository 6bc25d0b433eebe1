"""What Kafka has that the database has not: read once, from where the database ends to the end."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from aiokafka import ConsumerRecord

from relevo_cli.restoring.database import Database, Ref
from relevo_cli.restoring.facts import Promised, Unopened
from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import ERASURES
from relevo_contracts.messages import CallAnswered, DeliveryOutcome, RunInput, SendDelivery
from relevo_control.app.topics import opened
from relevo_runtime.records import Record
from relevo_runtime.sealing import Seals

DOUBT = timedelta(minutes=5)
"""What was published so shortly before the end and has no outcome may have been with its provider then."""

_event = msgspec.json.Decoder(Event)
_outcome = msgspec.json.Decoder(DeliveryOutcome)
_input: msgspec.json.Decoder[RunInput] = msgspec.json.Decoder(RunInput)
_delivery = msgspec.json.Decoder(SendDelivery)
_OPEN = ("queued", "sending", "calling")


class Aftermath:
    """Collects it, page by page."""

    def __init__(self, database: Database, seals: Seals) -> None:
        self._database = database
        self._seals = seals
        self._lacking: dict[str, tuple[int, set[bytes]]] = defaultdict(lambda: (0, set()))
        self._ended: set[Ref] = set()
        self._promised: dict[Ref, Promised] = {}
        self.outcomes: dict[Ref, DeliveryOutcome] = {}
        self.answers: dict[Ref, CallAnswered] = {}
        self.erasures = 0
        self.versions: set[str] = set()
        self.ends: datetime | None = None

    async def taken(self, topic: str, records: Sequence[ConsumerRecord]) -> list[bool | None]:
        """Whether the database has each of these; None where that can't be known."""
        by_offset = {one.offset: one for one in await opened(self._seals, topic, records)}
        clear = list(by_offset.values())
        known = dict(zip(by_offset, await self._known(topic, clear), strict=True))
        return [known.get(one.offset) for one in records]

    async def add(self, topic: str, records: Sequence[ConsumerRecord], committed: int) -> tuple[int, int]:
        """Take note of a page of what the database may lack.

        Returns how many of it before `committed` it does lack, and how many nobody can open.
        """
        taken = await self.taken(topic, records)
        clear = {one.offset: one for one in await opened(self._seals, topic, records)}
        for raw, known in zip(records, taken, strict=True):
            at = datetime.fromtimestamp(raw.timestamp / 1000, UTC)
            self.ends = max(at, self.ends or at)
            if raw.offset not in clear:
                self._lacks(raw)
            elif not known or topic in (topics.OUTCOMES, topics.INPUTS):
                self._note(topic, clear[raw.offset], at, accepted=raw.offset < committed)
        lacking = sum(known is False and raw.offset < committed for raw, known in zip(records, taken, strict=True))
        return lacking, len(records) - len(clear)

    async def _known(self, topic: str, records: Sequence[Record]) -> list[bool | None]:
        statement = {topics.DELIVERIES: "accepted", topics.CALLS: "called"}.get(topic)
        if statement is None:
            return await self._database.taken(records)
        refs = [_ref(one) for one in records]
        known = await self._database.taken_over(statement, [one for one in refs if one is not None])
        return [None if one is None else one in known for one in refs]

    def _lacks(self, raw: ConsumerRecord) -> None:
        shop, _, person = (raw.key or b"").partition(b"/")
        records, people = self._lacking[shop.decode(errors="replace")]
        self._lacking[shop.decode(errors="replace")] = (records + 1, people | {person})

    def _note(self, topic: str, record: Record, at: datetime, *, accepted: bool) -> None:
        try:
            if topic == topics.EVENTS:
                self.erasures += _event.decode(record.value).type in ERASURES
            elif topic == topics.OUTCOMES:
                outcome = _outcome.decode(record.value)
                self.outcomes[outcome.shop, outcome.delivery_id] = outcome
            elif topic == topics.INPUTS and isinstance(answer := _input.decode(record.value), CallAnswered):
                self.answers[answer.shop, answer.call_id] = answer
            elif topic == topics.DELIVERIES and (delivery := _delivery.decode(record.value)).recall is None:
                self.versions |= {delivery.definition} - {""}
                if accepted:
                    self._promised[delivery.shop, delivery.id] = Promised(delivery=delivery, at=at)
        except msgspec.DecodeError:
            return  # nobody can read it, and whoever tries makes a dead letter of it

    @property
    def unopened(self) -> dict[str, Unopened]:
        """Whose records can't be opened, by shop."""
        return {shop: Unopened(records=count, people=len(who)) for shop, (count, who) in self._lacking.items()}

    async def to_settle(self) -> tuple[list[DeliveryOutcome], list[CallAnswered]]:
        """The outcomes and answers of what the database would begin, or begin again."""
        deliveries = await self._database.states("accepted", list(self.outcomes))
        calls = await self._database.states("called", list(self.answers))
        return (
            [one for ref, one in self.outcomes.items() if deliveries.get(ref, "queued") in _OPEN],
            [one for ref, one in self.answers.items() if calls.get(ref, "queued") in _OPEN],
        )

    def promised(self) -> tuple[list[Promised], int]:
        """What has no outcome: with its notifier when everything ended, perhaps; and how many had waited before."""
        unsettled = [one for ref, one in self._promised.items() if ref not in self.outcomes]
        last = self.ends or datetime.max.replace(tzinfo=UTC)
        recent = [one for one in unsettled if one.at > last - DOUBT]
        return recent, len(unsettled) - len(recent)


def _ref(record: Record) -> Ref | None:
    try:
        command = msgspec.json.decode(record.value, type=_Command)
    except msgspec.DecodeError:
        return None
    return None if command.recall is not None else (command.shop, command.id)


class _Command(msgspec.Struct):
    shop: str
    id: str
    recall: msgspec.Raw | None = None
