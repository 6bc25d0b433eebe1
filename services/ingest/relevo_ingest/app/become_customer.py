"""A visitor shows who they are, with proof: what the browser did so far becomes the customer's, and nobody else's."""

from msgspec import Struct

from relevo_contracts.payloads import Buyer, CustomerMerged, CustomerSeen
from relevo_ingest.app.event_store import find_keys, store
from relevo_ingest.app.merging import MERGED
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.storefront_ports import Visitors
from relevo_ingest.core.aliases import Alias, Kind, KnownKey, Person, alias
from relevo_ingest.core.drafts import Arrival, Draft


class Arriving(Struct, frozen=True):
    """A browser whose visitor has shown who they are; `id` is the same however often that is said."""

    browser: str
    id: str
    arrival: Arrival


async def sign_in(deps: IngestDependencies, visitors: Visitors, one: Arriving, customer_id: str) -> None:
    """The visitor is the customer from now on, by the word of the shop's server. Raises `Busy`.

    Whoever signs in last has the browser. What it did before is theirs too, unless it was somebody else's already.
    """
    browser, customer = alias(Kind.ANONYMOUS, one.browser), alias(Kind.CUSTOMER, customer_id)
    subject = Person((customer,))
    key = (await find_keys(deps, one.arrival.shop, [subject]))[subject]
    await take_over(deps, visitors, one, browser, key)
    buyer = Buyer(id=customer_id, anonymous_id=one.browser)
    seen = Draft(
        type="customer.logged_in",
        payload=CustomerSeen(customer=buyer),
        subject=Person((customer, browser)),
        id=one.id,
        source=one.arrival.source,
    )
    await store(deps, [seen], one.arrival)


async def take_over(deps: IngestDependencies, visitors: Visitors, one: Arriving, browser: Alias, key: str) -> None:
    """What a browser did becomes that of the person `key`, if the browser is nobody's yet. Raises `Busy`.

    It is told again after a crash in between: the event has the same id, and the names follow once it is stored.
    """
    known = await visitors.visitor(one.arrival.shop, browser)
    if known is None or known.owned or known.key == key:
        return
    anonymous = Buyer(anonymous_id=browser.name.partition(":")[2])
    merged = Draft(
        type=MERGED,
        payload=CustomerMerged(customer=Buyer(), merged=[anonymous]),
        subject=KnownKey(key),
        id=f"{one.id}:merged",
        source=one.arrival.source,
    )
    await store(deps, [merged], one.arrival)
