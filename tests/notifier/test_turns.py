"""Whose turn it is: receipts first, shops in turn, within limits; and how long a small shop waits at most. Pure."""

from collections import Counter, deque
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.limits import DAY, Bucket, BucketKey, Limit
from relevo_notifier.core.turns import Account, Subqueue, shares
from tests.notifier.support import NOON

SECOND = timedelta(seconds=1)
SHOPS = st.sampled_from(["acme", "beta", "gamma", "delta", "omega"])


def subqueue(shop: str, *, purpose: str = "marketing", destination: str = "", due: datetime = NOON) -> Subqueue:
    return Subqueue(purpose, destination, shop, due)


def account(*limits: Limit, **changes: object) -> Account:
    return Account(limits, {}, NOON, **changes)  # type: ignore[arg-type]  # what is given is named by the test


def test_shops_take_turns_whatever_each_has_waiting() -> None:
    found = shares([subqueue("acme"), subqueue("beta"), subqueue("gamma")], 7, account())
    assert {one.shop: most for one, most in found.granted.items()} == {"acme": 3, "beta": 2, "gamma": 2}
    assert found.last == "acme"


def test_turns_go_on_where_they_ended() -> None:
    subqueues = [subqueue("acme"), subqueue("beta"), subqueue("gamma")]
    first = shares(subqueues, 2, account())
    second = shares(subqueues, 2, account(), first.last)
    assert [one.shop for one in [*first.granted, *second.granted]] == ["acme", "beta", "gamma", "acme"]


def test_receipts_pass_before_marketing_when_a_limit_is_scarce() -> None:
    receipts = subqueue("beta", purpose="transactional")
    found = shares([subqueue("acme"), receipts], 10, account(Limit("ses", 3, DAY)))
    assert found.granted == {receipts: 3}
    assert [one.subqueue.shop for one in found.denied] == ["beta", "acme"]


def test_the_subqueues_of_one_shop_share_its_turns() -> None:
    subqueues = [subqueue("acme", destination="google"), subqueue("acme"), subqueue("beta")]
    found = shares(subqueues, 8, account())
    assert found.granted == {subqueues[0]: 2, subqueues[1]: 2, subqueues[2]: 4}


def test_a_full_destination_keeps_back_nothing_else() -> None:
    subqueues = [subqueue("acme", destination="google"), subqueue("acme")]
    found = shares(subqueues, 6, account(Limit("smtp", 2, SECOND, destination="google")))
    assert found.granted == {subqueues[0]: 2, subqueues[1]: 4}
    assert [(one.subqueue.destination, one.limit.destination) for one in found.denied] == [("google", "google")]


def test_a_destination_that_asked_for_less_gets_what_it_may_have() -> None:
    subqueues = [subqueue("acme", destination="google"), subqueue("beta")]
    found = shares(subqueues, 6, account(paces={"google": 1}))
    assert found.granted == {subqueues[0]: 1, subqueues[1]: 5}
    assert found.denied == []


def test_a_limit_of_each_shop_is_a_bucket_of_each() -> None:
    subqueues = [subqueue("acme", destination="+1"), subqueue("beta", destination="+1"), subqueue("beta")]
    found = shares(subqueues, 9, account(Limit("twilio", 1, SECOND, shop="*", destination="+1")))
    assert found.granted == {subqueues[0]: 1, subqueues[1]: 1, subqueues[2]: 7}


@given(
    subqueues=st.sets(
        st.builds(
            Subqueue,
            st.sampled_from(["marketing", "transactional"]),
            st.sampled_from(["", "google"]),
            SHOPS,
            st.just(NOON),
        )
    ),
    limits=st.sets(
        st.builds(
            Limit,
            st.just("ses"),
            st.integers(1, 20),
            st.sampled_from([SECOND, DAY]),
            st.sampled_from(["", "*", "acme"]),
            st.sampled_from(["", "google"]),
        ),
        max_size=4,
    ),
    room=st.integers(0, 40),
)
def test_no_limit_is_exceeded_and_no_room_is_left_that_could_be_used(
    subqueues: set[Subqueue], limits: set[Limit], room: int
) -> None:
    of_name = {limit.name: limit for limit in limits}
    book = account(*of_name.values())
    found = shares(list(subqueues), room, book)
    assert sum(found.granted.values()) <= room
    for limit in of_name.values():
        used: Counter[BucketKey] = Counter()
        for one, most in found.granted.items():
            if limit.concerns(one.shop, one.destination):
                used[limit.bucket(one.shop)] += most
        assert all(count <= limit.free(None, NOON) for count in used.values())
    if sum(found.granted.values()) < room:
        assert {one.subqueue for one in found.denied} == subqueues


class Shop:
    """What a shop has waiting: so many mails of marketing, and receipts as they come."""

    def __init__(self, name: str, marketing: int) -> None:
        self.name = name
        self.marketing = marketing
        self.receipts: deque[datetime] = deque()
        self.waits: list[timedelta] = []

    def subqueues(self) -> list[Subqueue]:
        found = [subqueue(self.name)] if self.marketing else []
        return found + ([subqueue(self.name, purpose="transactional")] if self.receipts else [])

    def take(self, one: Subqueue, most: int, now: datetime) -> int:
        if not one.urgent:
            taken = min(most, self.marketing)
            self.marketing -= taken
            return taken
        taken = min(most, len(self.receipts))
        self.waits += [now - self.receipts.popleft() for _ in range(taken)]
        return taken


def simulated(shops: list[Shop], limit: Limit, receipts: dict[int, list[str]], seconds: int, room: int) -> None:
    """A second after the other: receipts come in, and what has its turn goes out."""
    named = {shop.name: shop for shop in shops}
    buckets: dict[BucketKey, Bucket] = {}
    after = ""
    for second in range(seconds):
        now = NOON + second * SECOND
        for name in receipts.get(second, []):
            named[name].receipts.append(now)
        book = Account([limit], buckets, now)
        found = shares([one for shop in shops for one in shop.subqueues()], room, book, after)
        after = found.last
        for one, most in found.granted.items():
            book.use(one, named[one.shop].take(one, most, now) - most)
        buckets |= book.filled(found.denied)


@given(
    receipts=st.dictionaries(st.integers(0, 50), st.lists(st.sampled_from(["beta", "gamma"]), max_size=5), max_size=20),
    rate=st.integers(5, 20),
)
def test_a_million_mails_of_one_shop_delay_no_receipt_of_another(receipts: dict[int, list[str]], rate: int) -> None:
    """A receipt waits for other receipts alone: at most five come in a second, and at least five may go."""
    shops = [Shop("acme", 1_000_000), Shop("beta", 0), Shop("gamma", 0)]
    simulated(shops, Limit("ses", rate, SECOND), receipts, 60, 500)
    came = sum(map(len, receipts.values()))
    assert sum(len(shop.waits) for shop in shops) == came
    assert all(wait <= SECOND for shop in shops for wait in shop.waits)
    assert shops[0].marketing < 1_000_000


@given(small=st.integers(1, 40), others=st.integers(0, 8), rate=st.integers(1, 30))
def test_a_small_shop_waits_for_its_turns_alone(small: int, others: int, rate: int) -> None:
    """Its n mails are gone after n turns of every shop that has something, whatever those have."""
    shops = [Shop("small", small), *(Shop(f"large-{number}", 1_000_000) for number in range(others + 1))]
    seconds = -(-small * len(shops) // rate) + 1
    simulated(shops, Limit("ses", rate, SECOND), {}, seconds, 500)
    assert shops[0].marketing == 0
