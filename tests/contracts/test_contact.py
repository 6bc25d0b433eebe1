"""What is known of a person: the newest statement wins, in whatever order the statements arrive."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.contact import Consent, Contact, apply_event, merge
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


def said(hour: int, state: str) -> tuple[ConsentChanged, datetime]:
    return ConsentChanged(customer=Buyer(), channel="email", state=state, source="form"), MORNING + timedelta(
        hours=hour
    )  # type: ignore[arg-type]


def test_the_newest_consent_statement_wins_in_any_order() -> None:
    statements = [said(0, "granted"), said(5, "withdrawn"), said(2, "pending")]
    for order in permutations(statements):
        contact = Contact()
        for payload, at in order:
            contact = apply_event(contact, payload, at)
        assert contact.email_consent == Consent(state="withdrawn", at=MORNING + timedelta(hours=5), source="form")


def test_at_the_same_instant_a_withdrawal_wins() -> None:
    for first, second in permutations(["granted", "withdrawn"]):
        contact = apply_event(apply_event(Contact(), *said(1, first)), *said(1, second))
        assert contact.email_consent.state == "withdrawn"


def test_a_box_that_is_not_ticked_on_an_order_withdraws_nothing() -> None:
    contact = apply_event(Contact(), *said(0, "granted"))
    later = CustomerChanged(customer=Buyer(email="ada@example.com", email_marketing=False))
    assert apply_event(contact, later, MORNING + timedelta(days=1)).email_consent.state == "granted"


def test_an_older_event_fills_gaps_and_overwrites_nothing() -> None:
    contact = apply_event(Contact(), CustomerChanged(customer=Buyer(email="new@example.com")), MORNING)
    older = CustomerChanged(customer=Buyer(email="old@example.com", first_name="Ada"))
    after = apply_event(contact, older, MORNING - timedelta(days=1))
    assert (after.email, after.first_name, after.updated_at) == ("new@example.com", "Ada", MORNING)


hours = st.integers(0, 5)
contacts = st.builds(
    lambda at, email, state, said_at: Contact(
        email=email,
        updated_at=MORNING + timedelta(hours=at),
        email_consent=Consent(state=state, at=MORNING + timedelta(hours=said_at)),
    ),
    hours,
    st.sampled_from(["", "a@example.com", "b@example.com"]),
    st.sampled_from(["granted", "withdrawn"]),
    hours,
)


@given(contacts, contacts)
def test_merging_never_brings_back_a_withdrawn_consent(mine: Contact, other: Contact) -> None:
    merged = merge(mine, other)
    newest = max(c.email_consent.at for c in (mine, other) if c.email_consent.at)
    newest_states = {c.email_consent.state for c in (mine, other) if c.email_consent.at == newest}
    assert merged.email_consent.at == newest
    assert merged.email_consent.state == ("withdrawn" if "withdrawn" in newest_states else "granted")
    assert merge(merged, merged) == merged
