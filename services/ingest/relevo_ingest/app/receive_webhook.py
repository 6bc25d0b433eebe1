"""Webhooks of shops: canonical events, or a place among what was not recognised. Their signatures were checked."""

import asyncio
from collections.abc import Callable, Sequence

from relevo_contracts.envelope import partition_key
from relevo_contracts.event_types import ERASURES
from relevo_contracts.keys import SHOP_KEY
from relevo_ingest.app.event_store import Receipt, accepted, find_keys, publish, within_budget
from relevo_ingest.app.merging import MERGED
from relevo_ingest.app.ports import IngestDependencies, Notification, Outcome, outcome_of
from relevo_ingest.app.webhook import Delivery, Webhook, delivery_id
from relevo_ingest.app.webhook_reading import WebhookRead, read_each
from relevo_ingest.connectors.connector import Fetch
from relevo_ingest.core.drafts import NoEvent, ShopContext
from relevo_ingest.core.unrecognised import encode, unrecognised

__all__ = ["Delivery", "Webhook", "keep_webhook", "receive_webhook", "receive_webhooks", "store_webhook"]

_ALONE = frozenset((*ERASURES, MERGED))
"""Events that ask the database for more than the others, and are published by themselves."""
Report = Callable[[int, Outcome[Receipt]], None]
"""Hears what became of the webhook at a place; of each once."""


async def receive_webhook(deps: IngestDependencies, shop: ShopContext, webhook: Webhook) -> Receipt:
    """Stores what the webhook says, or keeps it with the reason why it says nothing. When this returns, it is safe.

    A genuine webhook is never refused for its content: a shop that sees errors again and again ends the subscription.
    Raises `Busy` if it can't be stored in time.
    """
    found: list[Outcome[Receipt]] = []
    await receive_webhooks(deps, [Delivery.of(shop, webhook)], lambda _, outcome: found.append(outcome))
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


async def receive_webhooks(deps: IngestDependencies, deliveries: Sequence[Delivery], report: Report) -> None:
    """`receive_webhook` for several that came together: they share statements and messages.

    Each outcome is what it would be alone, reported as soon as it is known: an error, or a long wait, is its own.
    """
    unreported = set(range(len(deliveries)))

    def report_once(place: int, outcome: Outcome[Receipt]) -> None:
        unreported.discard(place)
        report(place, outcome)

    try:
        async with within_budget(deps.budget):
            every = await read_each(deps, deliveries)
            await _keep_or_publish(deps, every, report_once)
    except Exception as error:  # noqa: BLE001 - each of them is answered
        for place in sorted(unreported):
            report(place, error)


async def _keep_or_publish(deps: IngestDependencies, every: Sequence[WebhookRead], report: Report) -> None:
    """Brings each to its end: most of them together, the others beside them."""
    together: list[int] = []
    alone: list[int] = []
    for place, one in enumerate(every):
        if isinstance(one.result, Exception):
            report(place, one.result)
        elif isinstance(one.result, NoEvent) or any(done.event.type in _ALONE for done in one.finished):
            alone.append(place)
        else:
            together.append(place)

    async def by_itself(place: int) -> None:
        report(place, await outcome_of(_receive(deps, every[place])))

    if not alone:
        await _publish_together(deps, every, together, report)
    else:
        await asyncio.gather(_publish_together(deps, every, together, report), *map(by_itself, alone))


async def _publish_together(
    deps: IngestDependencies, every: Sequence[WebhookRead], places: Sequence[int], report: Report
) -> None:
    groups = [
        [(partition_key(done.event.shop, done.event.key), done.value) for done in every[place].finished]
        for place in places
    ]
    outcomes = await deps.log.events_of_each(groups) if groups else []
    for place, outcome in zip(places, outcomes, strict=True):
        report(place, outcome if isinstance(outcome, Exception) else Receipt(events=accepted(every[place].finished)))


async def _receive(deps: IngestDependencies, one: WebhookRead) -> Receipt:
    found = await _store(deps, one)
    return found if isinstance(found, Receipt) else await keep_webhook(deps, one.delivery, found)


async def store_webhook(deps: IngestDependencies, delivery: Delivery) -> Receipt | NoEvent:
    """Publishes the events, or keeps them until they are due if they erase; or says why there are none.

    Raises `Busy`.
    """
    (one,) = await read_each(deps, [delivery])
    return await _store(deps, one)


async def _store(deps: IngestDependencies, one: WebhookRead) -> Receipt | NoEvent:
    if isinstance(one.result, Exception):
        raise one.result
    if one.fetch is not None:
        return await _fetched_later(deps, one.delivery, one.fetch)
    if isinstance(one.result, NoEvent):
        return one.result
    # No platform signs what its headers say, so no webhook erases at once: what erases waits, and can be taken back.
    if deps.erasing_after and any(done.event.type in ERASURES for done in one.finished):
        webhook, arrival = one.delivery.webhook, one.delivery.arrival
        # The delivery's id is not signed; what is signed tells whether it is the same request.
        request = delivery_id("", webhook.topic, webhook.body)
        await deps.erasures.postpone(one.finished, arrival.received + deps.erasing_after, request)
        return Receipt(waiting=accepted(one.finished))
    await publish(deps, one.finished)
    return Receipt(events=accepted(one.finished))


async def _fetched_later(deps: IngestDependencies, delivery: Delivery, fetch: Fetch) -> Receipt:
    """Keeps the webhook until what it names was fetched: a sender does not wait for that."""
    webhook, arrival = delivery.webhook, delivery.arrival
    notification = Notification(
        delivery=arrival.id,
        topic=webhook.topic,
        headers=webhook.headers,
        body=webhook.body,
        received=arrival.received,
    )
    await deps.notifications.add(arrival.shop, webhook.connector.name, fetch.entity, notification)
    return Receipt(fetching=[f"{fetch.entity.kind} {fetch.entity.id}"])


async def keep_webhook(deps: IngestDependencies, delivery: Delivery, reading: NoEvent) -> Receipt:
    """Keeps a webhook among what was not recognised, with the reason. Raises `Busy`."""
    webhook, arrival = delivery.webhook, delivery.arrival
    message = unrecognised(
        shop=arrival.shop,
        platform=webhook.connector.name,
        topic=webhook.topic,
        why=reading,
        delivery_id=arrival.id,
        body=webhook.body,
        received=arrival.received,
        headers=webhook.headers,
    )
    await find_keys(deps, arrival.shop, reading.subjects)
    value = encode(message, deps.limits.message_bytes)
    await deps.log.unrecognised((partition_key(arrival.shop, SHOP_KEY), value))
    deps.counters.unrecognised(arrival.shop, webhook.label, reading.kind)
    return Receipt(unrecognised=[reading.reason])
