"""What a batch changes for other keys: who waits for which product, what happened to one, what fans out. Pure."""

from collections.abc import Collection
from typing import assert_never

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_contracts.keys import PRODUCT_PREFIX
from relevo_engine.core.erasure import SHOP_REDACTED, is_shops
from relevo_engine.core.fanout import Fanout, event_fanout
from relevo_engine.core.inputs import IncomingMessage
from relevo_engine.core.waiting import Waiting, waits
from relevo_workflow import EventInput, Run, Subscribe, Unsubscribe


class KeyChanges(Struct):
    """`waiting` has, for (shop, run id), all that the run waits for now."""

    waiting: dict[tuple[str, str], list[Waiting]] = {}
    about_products: list[Event] = []
    fanouts: list[Fanout] = []

    def __bool__(self) -> bool:
        return bool(self.waiting or self.fanouts)

    @property
    def registered(self) -> list[Waiting]:
        """Everything that runs wait for anew."""
        return [row for rows in self.waiting.values() for row in rows]

    def happened(self, arrived: IncomingMessage) -> None:
        """An event about a product is remembered and fans out to who waits for it; a shop's erasure to everyone."""
        if isinstance(arrived.input, EventInput):
            event = arrived.input.event
            if event.type == SHOP_REDACTED and is_shops(event):
                self.fanouts.append(Fanout(event.shop, "erase", event.id, event.time, event.type))
            if not event.key.startswith(PRODUCT_PREFIX):
                return  # most are about a customer
            if event.key == arrived.key and not (event.historical or event.test):
                self.about_products.append(event)
                self.fanouts.append(event_fanout(event))

    def erase(self, gone: Collection[tuple[str, str]]) -> None:
        """What these erased customers (shop, key) began to wait for in this batch is not registered."""
        self.waiting = {
            ref: [row for row in rows if (row.shop, row.key) not in gone] for ref, rows in self.waiting.items()
        }

    def follow(self, arrived: IncomingMessage, run: Run) -> None:
        """A run that is over waits for nothing."""
        if run.waits_since is not None and run.state != "active":
            self.waiting[(arrived.shop, run.id)] = []

    def carry_out(self, effect: Subscribe | Unsubscribe, arrived: IncomingMessage) -> None:
        """A run begins to wait, or waits no longer."""
        ref = (arrived.shop, effect.run_id)
        match effect:
            case Unsubscribe():
                self.waiting[ref] = []
            case Subscribe():
                self.waiting.setdefault(ref, []).extend(waits(effect, arrived.shop, arrived.key))
            case _:
                assert_never(effect)

    def begin(self, fanout: Fanout) -> None:
        """An entry of a calendar is due."""
        self.fanouts.append(fanout)
