"""What a browser of a shop's visitor tells: events of the visit, sign-ups that wait for a word, proofs of who it is."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from relevo_ingest.app.become_customer import Arriving, sign_in, take_over
from relevo_ingest.app.event_store import find_keys, store, within_budget
from relevo_ingest.app.storefront_ports import StorefrontDependencies
from relevo_ingest.core.aliases import Kind, Person, alias
from relevo_ingest.core.drafts import Arrival
from relevo_ingest.core.storefront.hits import Readings
from relevo_ingest.core.storefront.opt_in import Ask, opt_in_of, requested


class SignedIn(Struct, frozen=True):
    """A proof that holds: the browser `visitor` is that of the customer with an id, or of the person with a key."""

    visitor: str
    id: str
    customer_id: str = ""
    key: str = ""


async def receive_visits(
    deps: StorefrontDependencies, readings: Readings, proven: Sequence[SignedIn], arrival: Arrival, ip_hash: str
) -> bool:
    """Stores what was told; false if there was nothing to keep. When this returns, Kafka has it. Raises `Busy`.

    First what happened, then who it was: what a visitor did before signing in is theirs by the time they have.
    """
    async with within_budget(deps.ingest.budget):
        stored = await store(deps.ingest, readings.drafts, arrival) if readings.drafts else []
        asked = [await _ask(deps, ask, arrival, ip_hash) for ask in readings.asks]
        for one in proven:
            await _recognise(deps, one, arrival)
    return bool(stored or any(asked) or proven)


async def _ask(deps: StorefrontDependencies, ask: Ask, arrival: Arrival, ip_hash: str) -> bool:
    """Asks the owner of the address; the request is kept first, so that the link in the mail finds it."""
    one = opt_in_of(ask, arrival.shop, arrival.received, ip_hash)
    if not await deps.opt_ins.ask(one):
        return False
    await store(deps.ingest, [requested(one, deps.confirm_url(one), arrival.source)], arrival)
    return True


async def _recognise(deps: StorefrontDependencies, one: SignedIn, arrival: Arrival) -> None:
    arriving = Arriving(one.visitor, one.id, arrival)
    if one.customer_id:
        await sign_in(deps.ingest, deps.visitors, arriving, one.customer_id)
        return
    # Of a link in a mail: the browser has to be known before it can become somebody's.
    browser = alias(Kind.ANONYMOUS, one.visitor)
    await find_keys(deps.ingest, arrival.shop, [Person((browser,))])
    await take_over(deps.ingest, deps.visitors, arriving, browser, one.key)


def arrival_of(shop: str, received: datetime) -> Arrival:
    """How what a browser sends comes; its events have ids of their own."""
    return Arrival(shop=shop, id="storefront", source=f"/shops/{shop}/storefront", received=received)
