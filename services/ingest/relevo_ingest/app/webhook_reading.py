"""What webhooks say, several at a time: each is read by itself, and they share what is asked of the database."""

import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from relevo_ingest.app.event_store import keys_of_each, state_queries
from relevo_ingest.app.ports import IngestDependencies, Outcome
from relevo_ingest.app.webhook import Delivery
from relevo_ingest.connectors.connector import Fetch
from relevo_ingest.core.aliases import Person, Subject
from relevo_ingest.core.drafts import Draft, Finished, NoEvent, Pending, Reading, finish
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import Note, collecting
from relevo_ingest.core.states import Entity, StateQuery, StateView

_FETCHED_FIRST = "it only names what has changed, which is fetched from the platform's API"
_log = logging.getLogger(__name__)


class WebhookRead:
    """One webhook on its way. `result` is what it says as far as that is known, or the error that it met.

    Once it is known to the end, `finished` has its events. Or `fetch` says what has to be fetched before.
    """

    __slots__ = ("delivery", "fetch", "finished", "notes", "result")

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.notes: list[Note] = []
        self.finished: list[Finished] = []
        self.fetch: Fetch | None = None
        self.result: Outcome[Reading] = self._guarded(self._read)

    @property
    def drafts(self) -> Sequence[Draft]:
        """The drafts of its events, if it has any."""
        return () if isinstance(self.result, NoEvent | Pending | Exception) else self.result

    def conclude(
        self, pending: Pending, questions: Mapping[Entity, StateQuery], seen: Outcome[list[StateView]]
    ) -> None:
        """Goes on with what is known of the entities that it asked for."""
        if isinstance(seen, Exception):
            self.result = seen
        else:
            views = dict(zip(questions, seen, strict=True))
            self.result = self._guarded(lambda: pending.conclude(views))

    def finish(self, deps: IngestDependencies, keys: Outcome[Mapping[Subject, str]]) -> None:
        """Makes the events of its drafts."""
        if isinstance(keys, Exception):
            self.result = keys
            return
        try:
            self._report_notes(deps)
            self.finished = finish(self._with_notes(self.drafts), keys, self.delivery.arrival, deps.limits)
        except InvalidPayload as error:
            self.result = NoEvent(str(error), kind="too_large", where=error.where)
        except Exception as error:  # noqa: BLE001 - it is told to whoever sent this one, and costs nobody else
            self.result = error

    def _read(self) -> Reading:
        webhook, shop = self.delivery.webhook, self.delivery.shop
        connector, topic = webhook.connector, webhook.topic
        if not topic:
            return NoEvent(f"{connector.topic_source} is missing", kind="no_topic")
        with collecting():  # the reader notes it
            problem = connector.mismatch(topic, webhook.body, shop, webhook.headers)
        if problem:
            return NoEvent(problem, kind="mismatch")
        reading = connector.read(topic, webhook.body, shop)
        if isinstance(reading, Fetch):
            self.fetch = reading
            return NoEvent(_FETCHED_FIRST)
        return reading

    def _guarded(self, read: Callable[[], Reading]) -> Reading:
        """What `read` returns. A reader's bug costs this webhook only: it is kept and can be read again."""
        try:
            with collecting(self.notes):
                return _of_somebody(read())
        except InvalidPayload as error:
            return NoEvent(str(error), kind="invalid", where=error.where)
        except Exception as error:  # noqa: BLE001 - whatever it is, the webhook is kept
            topic = self.delivery.webhook.topic
            _log.exception("the reader of %s failed", topic)
            return NoEvent(f"the reader of {topic} failed: {type(error).__name__}", kind="bug")

    def _with_notes(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        if not self.notes:
            return drafts
        first, *others = drafts
        return [msgspec.structs.replace(first, notes=(*first.notes, *self.notes)), *others]

    def _report_notes(self, deps: IngestDependencies) -> None:
        """Logs and counts what was left out: a shop reads no receipts. The values are in the receipt alone."""
        if self.notes:
            webhook, shop = self.delivery.webhook, self.delivery.shop.shop
            places = ", ".join(one.place for one in self.notes)
            _log.info("values of a webhook were left out: shop=%s topic=%s %s", shop, webhook.topic, places)
            deps.counters.left_out(shop, webhook.label, self.notes)


async def read_each(deps: IngestDependencies, deliveries: Sequence[Delivery]) -> list[WebhookRead]:
    """What each of them says, known to the end: finished events, no event, or an error such as `Busy`."""
    every = [WebhookRead(delivery) for delivery in deliveries]
    await _conclude(deps, [one for one in every if isinstance(one.result, Pending)])
    found = [one for one in every if one.drafts]
    asked = [(one.delivery.shop.shop, {draft.subject for draft in one.drafts}) for one in found]
    for one, keys in zip(found, await keys_of_each(deps, asked), strict=True):
        one.finish(deps, keys)
    return every


async def _conclude(deps: IngestDependencies, waiting: Sequence[WebhookRead]) -> None:
    """Concludes those whose events depend on how things were.

    The states are kept before the events are stored: if that fails, the same delivery comes again and sees the same.
    """
    asked = [
        (one, one.result, state_queries(one.result, one.delivery.arrival))
        for one in waiting
        if isinstance(one.result, Pending)
    ]
    if asked:
        views = await deps.states.observe_each([list(questions.values()) for _, _, questions in asked])
        for (one, pending, questions), seen in zip(asked, views, strict=True):
            one.conclude(pending, questions, seen)


def _of_somebody(reading: Reading) -> Reading:
    """The reading without drafts about a person whom nothing names: nobody's key can be asked for."""
    if isinstance(reading, NoEvent | Pending | Fetch):
        return reading
    named = [draft for draft in reading if not isinstance(draft.subject, Person) or draft.subject.aliases]
    return named or NoEvent("it names nobody: no customer, address, number or order", kind="invalid")
