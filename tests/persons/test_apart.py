"""Whatever two persons share, nothing of one reaches the other: on the real database, for any sequence of events."""

from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_contracts.contact import statements
from relevo_runtime.postgres import Pool
from tests.persons.shop import World

SHARED = {"email": "shared@example.com", "phone": "+12025550123", "anonymous_id": "browser"}
_numbers = count()
persons = st.sampled_from(["1", "2"])
shared = st.sets(st.sampled_from(sorted(SHARED)))
events = st.lists(
    st.tuples(persons, st.sampled_from(["order.placed", "consent.changed", "customer.updated", "refund"]), shared),
    min_size=2,
    max_size=10,
)


def buyer(who: str, names: set[str]) -> dict[str, Any]:
    own = {"id": who, "first_name": f"name-{who}", "email": f"{who}@example.com"}
    return own | {name: SHARED[name] for name in names}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events)
async def test_nothing_of_one_reaches_the_other(pool: Pool, told: list[tuple[str, str, set[str]]]) -> None:
    world, shop = World(pool), f"shop-{next(_numbers)}"
    keys: dict[str, set[str]] = {"1": set(), "2": set()}
    agreed: dict[str, set[str]] = {"1": set(), "2": set()}
    bought: dict[str, str] = {}
    for number, (who, what, names) in enumerate(told):
        customer, order_id = buyer(who, names), f"{who}-{number}"
        before = len(world.sent)
        if what == "refund" and who in bought:
            data: dict[str, Any] = {"order_id": bought[who], "contact": {"email": f"contact-{who}@example.com"}}
            keys[who].add(await world.tell("refund.created", shop, **data))
        elif what == "consent.changed":
            agreed[who].add(customer["email"])
            said = {"customer": customer, "channel": "email", "state": "granted"}
            keys[who].add(await world.tell(what, shop, **said))
        elif what == "order.placed":
            bought[who] = order_id
            data = {"customer": customer, "order_id": order_id, "contact": {"email": f"contact-{who}@example.com"}}
            keys[who].add(await world.tell(what, shop, **data))
        else:
            keys[who].add(await world.tell("customer.updated", shop, customer=customer))
        assert {address for _, address in world.sent[before:]} <= {f"contact-{who}@example.com"}
    assert not keys["1"] & keys["2"]
    for who, found in keys.items():
        assert len(found) <= 1
        for key in found:
            facts = world.subjects[shop, key].facts
            assert facts.contact.first_name in ("", f"name-{who}")
            granted = {one for one, said in statements(facts.contact, "email").items() if said.state == "granted"}
            assert granted <= agreed[who]
            assert all(order_id.startswith(f"{who}-") for order_id in facts.order_ids)
