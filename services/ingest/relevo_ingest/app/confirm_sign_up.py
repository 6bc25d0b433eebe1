"""The owner of an address says whether they signed up: consent with its proof, or nothing and no more questions."""

from datetime import datetime

from relevo_ingest.app.become_customer import Arriving, take_over
from relevo_ingest.app.event_store import find_keys, store, within_budget
from relevo_ingest.app.receive_visits import arrival_of
from relevo_ingest.app.storefront_ports import StorefrontDependencies
from relevo_ingest.core.aliases import Alias, Kind
from relevo_ingest.core.storefront.opt_in import OptIn, confirmed, owner


async def confirm_sign_up(deps: StorefrontDependencies, one: OptIn, received: datetime, ip_hash: str) -> str:
    """Stores the consent, and joins the browser that asked with whoever owns the address; gives their key.

    Once, however often it is told: the event has an id of its own, and the sign-up ends only when it is stored. Raises
    `Busy`.
    """
    arrival, subject = arrival_of(one.shop, received), owner(one)
    async with within_budget(deps.ingest.budget):
        key = (await find_keys(deps.ingest, one.shop, [subject]))[subject]
        if one.visitor:
            browser = Alias(Kind.ANONYMOUS, one.visitor)
            arriving = Arriving(one.visitor.partition(":")[2], one.id, arrival)
            await take_over(deps.ingest, deps.visitors, arriving, browser, key)
        await store(deps.ingest, [confirmed(one, received, ip_hash, arrival.source)], arrival)
        await deps.opt_ins.finish(one.shop, one.id, "confirmed", received, ip_hash)
    return key


async def decline_sign_up(deps: StorefrontDependencies, one: OptIn, received: datetime, ip_hash: str) -> None:
    """Keeps that nobody asked for it: the address is not asked again for a while. Raises `Busy`."""
    async with within_budget(deps.ingest.budget):
        await deps.opt_ins.finish(one.shop, one.id, "declined", received, ip_hash)
