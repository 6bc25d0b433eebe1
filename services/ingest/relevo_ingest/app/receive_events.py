"""Events that a shop's own systems send as CloudEvents: all of a request are stored, or none is."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from relevo_contracts.envelope import partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_ingest.app.event_store import OTHER_TOPIC, Receipt, accepted, find_keys, publish, within_budget
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core import canonical
from relevo_ingest.core.cloudevents import CloudEvent, Given
from relevo_ingest.core.drafts import Arrival, Draft, NoEvent, ShopContext, finish
from relevo_ingest.core.errors import FieldProblem, IdUsed, InvalidPayload
from relevo_ingest.core.unrecognised import encode, unrecognised

PLATFORM = "cloudevents"
_MOST_WRONG = 100


async def receive_events(
    deps: IngestDependencies,
    shop: ShopContext,
    events: Sequence[Given],
    received: datetime,
    *,
    batch: bool,
    strict: bool = True,
    traceparent: str = "",
) -> Receipt:
    """Stores the events, in the trace that `traceparent` names. When this returns, Kafka has them all.

    Raises `InvalidPayload` with all that is wrong with any of them (in a batch with the place of the event), `IdUsed`,
    or `Busy`. Then nothing was stored.
    """
    drafts, unknown = _read(shop, events, batch=batch, strict=strict)
    arrival = Arrival(shop=shop.shop, id="", source="", received=received, traceparent=traceparent)
    kept = [_kept(deps, shop, event, why, received) for event, why in unknown]
    async with within_budget(deps.budget):
        keys = await find_keys(deps, shop.shop, (draft.subject for draft in drafts))
        finished = finish(drafts, keys, arrival, deps.limits)
        await _check_ids(deps, shop.shop, drafts, received)  # last: what is refused keeps no ids
        await publish(deps, finished)
        for message, (_, why) in zip(kept, unknown, strict=True):
            deps.counters.unrecognised(shop.shop, OTHER_TOPIC, why.kind)
            await deps.log.unrecognised((partition_key(shop.shop, SHOP_KEY), message))
    return Receipt(events=accepted(finished), unrecognised=[why.reason for _, why in unknown])


def _read(
    shop: ShopContext, events: Sequence[Given], *, batch: bool, strict: bool
) -> tuple[list[Draft], list[tuple[CloudEvent, NoEvent]]]:
    """The drafts of the events, and those that nobody recognises."""
    drafts: list[Draft] = []
    unknown: list[tuple[CloudEvent, NoEvent]] = []
    wrong: list[FieldProblem] = []
    for n, event in enumerate(events):
        try:
            reading = canonical.read(event, shop, strict=strict)
        except InvalidPayload as error:
            wrong.extend((error.under(f"[{n}]") if batch else error).wrong)
            continue
        if isinstance(reading, NoEvent):
            assert isinstance(event, CloudEvent)  # a malformed one was refused
            unknown.append((event, reading))
        else:
            drafts.extend(reading)
    if wrong:
        raise InvalidPayload.of(wrong[:_MOST_WRONG])
    return drafts, unknown


async def _check_ids(deps: IngestDependencies, shop: str, drafts: Sequence[Draft], received: datetime) -> None:
    """Raises `IdUsed` if an id came before, or stands twice in the request, with other content."""
    digests: dict[str, bytes] = {}
    used: list[str] = []
    for draft in drafts:
        digest = canonical.content_digest(draft)
        if digests.setdefault(draft.id, digest) != digest:
            used.append(draft.id)
    if digests and not used:
        used.extend(await deps.ids.used_otherwise(shop, digests, received))
    if used:
        raise IdUsed(list(dict.fromkeys(used)))


def _kept(deps: IngestDependencies, shop: ShopContext, event: CloudEvent, why: NoEvent, received: datetime) -> bytes:
    message = unrecognised(
        shop=shop.shop,
        platform=PLATFORM,
        topic=event.type,
        why=why,
        headers=event.attributes(),
        delivery_id=canonical.event_id(event.source, event.id),
        body=bytes(event.data) or msgspec.json.encode(event.data_base64),
        received=received,
    )
    return encode(message, deps.limits.message_bytes)
