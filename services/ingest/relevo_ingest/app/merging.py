"""Customers that a shop has merged: ingest says which keys become one, and lets their names lead to the kept one."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs

from relevo_contracts.payloads import CustomerMerged
from relevo_ingest.app.ports import MergingKeys
from relevo_ingest.core.aliases import named
from relevo_ingest.core.drafts import Finished, FinishedEvent

MERGED = "customer.merged"


class _Merged(msgspec.Struct):
    merged_keys: list[str] = []


async def with_merged_keys(keys: MergingKeys, finished: Sequence[Finished]) -> list[Finished]:
    """The same events; those that merge customers say which keys are the merged ones'. Raises `Busy`."""
    return [await _with_merged_keys(keys, done) if done.event.type == MERGED else done for done in finished]


async def _with_merged_keys(keys: MergingKeys, done: Finished) -> Finished:
    event, given = done.event, msgspec.json.decode(done.event.data, type=dict[str, Any])
    merged = msgspec.convert(given, CustomerMerged).merged
    # The strongest name alone: the address of a merged customer may be somebody else's by now.
    names = [aliases[0] for buyer in merged if (aliases := named(buyer))]
    found = await keys.known(event.shop, names) if names else []
    data = {**given, "merged_keys": [key for key in found if key != event.key]}
    complete = structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data)))
    return structs.replace(done, event=complete, value=msgspec.json.encode(complete))


async def let_names_follow(keys: MergingKeys, events: Sequence[FinishedEvent]) -> None:
    """After the events are stored: whoever stops before leaves the names where they are, and the sender tries again."""
    for event in events:
        if event.type == MERGED and (merged := msgspec.json.decode(event.data, type=_Merged).merged_keys):
            await keys.merge(event.shop, merged, event.key)
