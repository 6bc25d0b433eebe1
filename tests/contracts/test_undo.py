"""Undoing an unsubscription: exactly what held before it holds again, and nothing that was not there is granted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.consents import Consent, Earlier, lift, newer
from relevo_contracts.contact import Contact, apply_event, merge, statements
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, Payload

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADDRESSES = ("ana@example.com", "ana@work.example.com", "ben@example.com")
LINK = "unsubscribe-link"


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def said(state: Any, address: str = "", source: str = "form") -> ConsentChanged:
    return ConsentChanged(customer=Buyer(email=address), channel="email", state=state, source=source)


def unsubscribed() -> ConsentChanged:
    return said("withdrawn", source=LINK)


def undone(minute: float) -> ConsentChanged:
    return ConsentChanged(customer=Buyer(), channel="email", state="restored", source=LINK, undoes=at(minute))


def told(*facts: tuple[float, Payload]) -> Contact:
    contact = Contact()
    for minute, payload in facts:
        contact = apply_event(contact, payload, at(minute))
    return contact


def in_force(contact: Contact) -> dict[str, tuple[str, datetime | None, str]]:
    """What holds for each address, and for one that is not known yet."""
    known = statements(contact, "email")
    everywhere = known.get("", Consent())
    held = {address: newer(known.get(address, Consent()), everywhere) for address in ADDRESSES}
    held["own"] = contact.email_consent
    return {address: (one.state, one.at, one.source) for address, one in held.items()}


KNOWN: tuple[float, Payload] = (0, CustomerChanged(customer=Buyer(id="7", email=ADDRESSES[0])))
FACTS = st.lists(
    st.one_of(
        st.builds(said, st.sampled_from(["granted", "withdrawn", "pending"]), st.sampled_from(("", *ADDRESSES))),
        st.builds(unsubscribed),
        st.builds(lambda address: CustomerChanged(customer=Buyer(id="7", email=address)), st.sampled_from(ADDRESSES)),
    ),
    max_size=8,
)


def test_what_held_before_holds_again() -> None:
    granted = (1, said("granted", ADDRESSES[0]))
    before = told(KNOWN, granted)
    assert told(KNOWN, granted, (2, unsubscribed())).email_consent.state == "withdrawn"
    after = told(KNOWN, granted, (2, unsubscribed()), (3, undone(2)))
    assert in_force(after) == in_force(before)
    assert after.email_consent.state == "granted"


def test_nothing_is_granted_that_was_not_there() -> None:
    for earlier in ((), ((1, said("pending", ADDRESSES[0])),), ((1, said("withdrawn", ADDRESSES[0])),)):
        before = told(KNOWN, *earlier)
        after = told(KNOWN, *earlier, (2, unsubscribed()), (3, undone(2)))
        assert in_force(after) == in_force(before)
        assert after.email_consent.state != "granted"


def test_an_undo_lifts_its_own_withdrawal_alone() -> None:
    facts = (KNOWN, (1, said("granted")), (2, unsubscribed()), (3, unsubscribed()))
    assert told(*facts, (4, undone(3))).email_consent.at == at(2)
    assert told(*facts, (4, undone(2))).email_consent.at == at(3)
    assert told(*facts, (4, undone(2)), (5, undone(3))).email_consent.state == "granted"
    assert told(*facts, (4, undone(9))).email_consent.at == at(3)
    later = (KNOWN, (1, said("granted")), (2, unsubscribed()), (3, said("withdrawn")), (4, undone(2)))
    assert told(*later).email_consent.state == "withdrawn"


def test_many_withdrawals_over_each_other_stand_for_good() -> None:
    many = [(float(n), unsubscribed()) for n in range(2, 12)]
    undoing = [(20.0 + n, undone(n)) for n in range(2, 12)]
    assert told(KNOWN, (1, said("granted")), *many, *undoing).email_consent.state == "withdrawn"


def test_what_was_kept_before_withdrawals_could_be_undone_grants_nothing() -> None:
    old = msgspec.convert({"state": "withdrawn", "at": at(2), "source": LINK}, Consent)
    assert lift(old, at(2)).state == "unknown"


@given(FACTS, FACTS, FACTS, st.booleans())
def test_a_withdrawal_that_was_undone_leaves_nothing(first: Any, between: Any, last: Any, known: bool) -> None:
    def facts(*parts: list[Payload]) -> list[tuple[float, Payload]]:
        numbered = [(float(100 * n + m + 1), one) for n, part in enumerate(parts) for m, one in enumerate(part)]
        return ([KNOWN] if known else []) + numbered

    links = [one for one in (*first, *between, *last) if isinstance(one, ConsentChanged) and one.source == LINK]
    plain = facts(first, [], between, [], last)
    whole = facts(first, [unsubscribed()], between, [undone(101)], last)
    got, wanted = in_force(told(*whole)), in_force(told(*plain))
    if len(links) < 3:
        assert got == wanted
    # However many there are: nothing is in force that was not there.
    assert all(got[address] == wanted[address] or got[address][0] == "withdrawn" for address in got)


CONSENTS = st.builds(
    lambda state, minute: Consent(state=state, at=at(minute), source="form"),
    st.sampled_from(["granted", "withdrawn", "pending"]),
    st.integers(0, 9),
) | st.builds(lambda minute: Consent(state="withdrawn", at=at(minute), source=LINK), st.integers(0, 3))
LIFTS = st.builds(lambda minute: Consent(lifted=(at(minute),)), st.integers(0, 3))


@given(st.lists(CONSENTS | LIFTS, max_size=6), st.randoms(use_true_random=False))
def test_the_order_in_which_statements_are_learnt_does_not_matter(parts: list[Consent], random: Any) -> None:
    def joined(order: list[Consent]) -> tuple[str, datetime | None]:
        whole = Consent()
        for one in order:
            whole = newer(whole, one)
        return whole.state, whole.at

    shuffled = list(parts)
    random.shuffle(shuffled)
    ties = {one.at for one in parts if one.source == "form"}
    if len(ties) == len([one for one in parts if one.source == "form"]):
        assert joined(parts) == joined(shuffled)


def test_the_engine_and_the_notifier_meet_halfway() -> None:
    facts = (KNOWN, (1, said("granted")), (2, unsubscribed()))
    stale, fresh = told(*facts), told(*facts, (3, undone(2)))
    for one, other in ((stale, fresh), (fresh, stale)):
        assert merge(one, other).email_consent.state == "granted"


def test_a_consent_is_small_where_nothing_can_be_undone() -> None:
    plain = Consent(state="granted", at=at(1), source="form")
    assert set(msgspec.to_builtins(plain)) == {"state", "at", "source"}
    assert newer(plain, Consent(state="withdrawn", at=at(2), source=LINK)).before == (
        Earlier(state="granted", at=at(1), source="form"),
    )
