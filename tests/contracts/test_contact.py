"""What is known of a person: the newest statement wins, in whatever order the statements arrive."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from relevo_contracts.consents import KEPT_CONSENTS, STOP, Consent, newer, withdrawals
from relevo_contracts.contact import Contact, apply_event, merge, statements
from relevo_contracts.payloads import (
    Buyer,
    ConsentChanged,
    CustomerChanged,
    EventContact,
    OrderChanged,
    Payload,
    ShipmentChanged,
)

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def said(hour: int, state: str) -> tuple[ConsentChanged, datetime]:
    statement = ConsentChanged(customer=Buyer(), channel="email", state=state, source="form")  # type: ignore[arg-type]
    # the tests give the state as plain text
    return statement, MORNING + timedelta(hours=hour)


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
states = st.sampled_from(["granted", "withdrawn", "pending"])
addresses = st.sampled_from(["", "a@example.com", "b@example.com", "c@example.com"])
payloads = st.one_of(
    st.builds(
        lambda email, state: ConsentChanged(customer=Buyer(email=email), channel="email", state=state),
        addresses,
        states,
    ),
    st.builds(lambda email: CustomerChanged(customer=Buyer(id="1", email=email)), addresses),
    st.builds(
        lambda own, friend: OrderChanged(
            customer=Buyer(id="1", email=own),
            order_id="1",
            contact=EventContact(email=friend, email_marketing=True),
        ),
        addresses,
        addresses,
    ),
)
facts = st.lists(st.tuples(payloads, hours.map(lambda hour: MORNING + timedelta(hours=hour))), max_size=8)


def learnt(told: list[tuple[Payload, datetime]], before: Contact = Contact()) -> Contact:  # noqa: B008 - frozen
    for payload, at in told:
        before = apply_event(before, payload, at)
    return before


@given(facts, facts)
@example([(CustomerChanged(customer=Buyer(id="1", email="a@example.com")), MORNING)], [said(0, "pending")])
@example(
    [said(1, "granted")],
    [(ConsentChanged(customer=Buyer(email="a@example.com"), channel="email", state="withdrawn"), MORNING)],
)
def test_merging_two_projections_never_brings_back_a_withdrawn_consent(first: list[Any], second: list[Any]) -> None:
    mine, other = learnt(first), learnt(second)
    merged = merge(mine, other)
    for address, said in statements(merged, "email").items():
        about = [statements(one, "email").get(address, Consent()) for one in (mine, other)]
        everywhere = [statements(one, "email").get("", Consent()) for one in (mine, other)]
        known = about + [one for one in everywhere if one.state == "withdrawn"]
        newest = max((one.at for one in known if one.at), default=None)
        # A yes that names no address, confirmed or not, is for the first one that becomes known, and for no other.
        waiting = [one.at for one in everywhere if one.state in ("granted", "pending")]
        assert said.at in (newest, *waiting)
        if newest is not None and any(one.state == "withdrawn" and one.at == newest for one in known):
            # Only a yes that was said after it is stronger.
            assert said.state == "withdrawn" or (said.at is not None and said.at > newest)
    assert merge(merged, merged) == merged


plain_statements = st.builds(
    Consent,
    state=states,
    at=st.none() | hours.map(lambda hour: MORNING + timedelta(hours=hour)),
    source=st.sampled_from(["", "form"]),
)


@given(plain_statements, plain_statements)
def test_statements_without_a_history_are_compared_as_those_with_one(old: Consent, new: Consent) -> None:
    long_ago = (MORNING - 1000 * DAY,)
    with_history = msgspec.structs.replace(old, lifted=long_ago)
    assert msgspec.structs.replace(newer(with_history, new), lifted=()) == newer(old, new)
    assert msgspec.structs.replace(withdrawals(with_history), lifted=()) == withdrawals(old)


B_THEN_A: list[tuple[Payload, datetime]] = [
    (ConsentChanged(customer=Buyer(email="b@example.com"), channel="email", state="granted"), MORNING),
    (CustomerChanged(customer=Buyer(id="1", email="a@example.com")), MORNING),
]


@given(facts, facts)
@example([said(0, "granted")], B_THEN_A)
@example([said(0, "withdrawn")], [said(1, "granted"), B_THEN_A[0]])
def test_a_projection_that_is_ahead_has_all_that_the_other_knows(first: list[Any], second: list[Any]) -> None:
    behind = learnt(first)
    ahead = learnt(second, behind)
    found, known = statements(merge(behind, ahead), "email"), statements(ahead, "email")
    # That all was withdrawn may come back for other addresses, where a later yes was for the own one: it is careful.
    everywhere = found.pop("", Consent())
    assert everywhere in (known.pop("", Consent()), withdrawals(statements(behind, "email").get("", Consent())))
    assert found == known


def test_a_yes_for_the_first_address_is_given_to_no_later_one_by_a_projection_that_is_behind() -> None:
    behind = learnt([said(0, "granted")])
    ahead = learnt(B_THEN_A, behind)
    assert (ahead.email, ahead.email_consent) == ("a@example.com", Consent())
    assert merge(behind, ahead).email_consent == merge(ahead, behind).email_consent == Consent()


@given(facts)
def test_an_address_is_agreed_to_only_by_a_statement_about_it_or_about_none(told: list[Any]) -> None:
    contact = learnt(told)
    if contact.email and contact.email_consent.state == "granted":
        about = {
            payload.contact.email if isinstance(payload, OrderChanged) and payload.contact else payload.customer.email
            for payload, _ in told
            if isinstance(payload, OrderChanged) or (isinstance(payload, ConsentChanged) and payload.state == "granted")
        }
        assert contact.email in about or "" in about


def test_consent_stays_with_its_address_when_the_person_changes_it() -> None:
    contact = learnt(
        [
            (ConsentChanged(customer=Buyer(id="1", email="a@example.com"), channel="email", state="granted"), MORNING),
            (CustomerChanged(customer=Buyer(id="1", email="b@example.com")), MORNING + timedelta(hours=1)),
        ]
    )
    assert (contact.email, contact.email_consent.state) == ("b@example.com", "unknown")
    back = apply_event(contact, CustomerChanged(customer=Buyer(id="1", email="a@example.com")), MORNING + DAY)
    assert back.email_consent.state == "granted"


def test_a_box_ticked_for_the_contact_of_an_order_is_consent_of_that_address_alone() -> None:
    order = OrderChanged(
        customer=Buyer(id="1", email="owner@example.com", phone="+12025550101"),
        order_id="1",
        contact=EventContact(
            email="friend@example.com", phone="+12025550102", email_marketing=True, sms_marketing=True
        ),
    )
    contact = apply_event(Contact(), order, MORNING)
    assert (contact.email, contact.phone) == ("owner@example.com", "+12025550101")
    assert (contact.email_consent.state, contact.sms_consent.state) == ("unknown", "unknown")
    assert statements(contact, "email")["friend@example.com"].state == "granted"


def test_a_link_that_names_no_address_withdraws_all() -> None:
    contact = learnt(
        [
            (ConsentChanged(customer=Buyer(email="a@example.com"), channel="email", state="granted"), MORNING),
            (ConsentChanged(customer=Buyer(email="b@example.com"), channel="email", state="granted"), MORNING),
            said(1, "withdrawn"),
        ]
    )
    assert contact.email_consent.state == "withdrawn"
    back = apply_event(contact, CustomerChanged(customer=Buyer(email="a@example.com")), MORNING + DAY)
    assert back.email_consent.state == "withdrawn"


def test_what_only_repeats_the_contact_says_nothing_of_a_person_who_has_an_id() -> None:
    known = apply_event(Contact(), CustomerChanged(customer=Buyer(id="1", email="owner@example.com")), MORNING)
    shipment = ShipmentChanged(
        customer=Buyer(email="friend@example.com", first_name="Friend"),
        order_id="1",
        contact=EventContact(email="friend@example.com"),
    )
    assert apply_event(known, shipment, MORNING + DAY) is known


def test_so_many_statements_are_kept_and_the_withdrawal_of_all_is_never_dropped() -> None:
    contact = apply_event(Contact(), *said(0, "withdrawn"))
    for number in range(3 * KEPT_CONSENTS):
        one = Buyer(email=f"{number}@example.com")
        contact = apply_event(contact, ConsentChanged(customer=one, channel="email", state="granted"), MORNING + DAY)
    assert len(contact.consents) == KEPT_CONSENTS
    assert contact.consents["email:"].state == "withdrawn"


def test_what_an_earlier_version_stored_is_consent_of_the_own_address() -> None:
    stored = b'{"email":"a@example.com","email_consent":{"state":"granted","at":"2026-03-02T08:00:00Z"}}'
    contact = msgspec.json.decode(stored, type=Contact)
    changed = apply_event(contact, CustomerChanged(customer=Buyer(email="b@example.com")), MORNING + DAY)
    assert contact.consent("email").state == "granted"
    assert changed.consent("email").state == "unknown"
    assert statements(changed, "email")["a@example.com"].state == "granted"


def about(purpose_: str, state: str, minute: int, **changes: Any) -> tuple[ConsentChanged, datetime]:
    values: dict[str, Any] = {"customer": Buyer(email="ana@example.com"), "channel": "email", "state": state}
    return ConsentChanged(**{**values, "purpose": purpose_, **changes}), MORNING + timedelta(minutes=minute)


def test_what_is_said_about_a_purpose_is_kept_of_it_alone() -> None:
    contact = apply_event(Contact(email="ana@example.com"), *about("newsletter", "granted", 1))
    assert contact.topic_consent("email", "newsletter").state == "granted"
    assert contact.topic_consent("email", "survey").state == contact.email_consent.state == "unknown"
    assert contact.topic_consent("sms", "newsletter").state == "unknown"
    own = apply_event(contact, *about("newsletter", "granted", 2, topic="garden"))
    assert own.topic_consent("email", "garden").state == "granted"
    assert own.topic_consent("email", "newsletter").at == MORNING + timedelta(minutes=1)


def test_a_statement_without_an_address_is_about_the_own_one_and_a_withdrawal_about_all() -> None:
    anyone = {"customer": Buyer(id="1")}
    granted = apply_event(Contact(email="ana@example.com"), *about("survey", "granted", 1, **anyone))
    assert granted.topics.keys() == {"email/survey:ana@example.com"}
    assert apply_event(Contact(), *about("survey", "granted", 1, **anyone)).topics == {}
    withdrawn = apply_event(granted, *about("survey", "withdrawn", 2, **anyone))
    assert withdrawn.topic_consent("email", "survey").state == "withdrawn"
    moved = apply_event(withdrawn, CustomerChanged(customer=Buyer(email="new@example.com")), MORNING)
    assert moved.topic_consent("email", "survey").state == "withdrawn"


@given(
    st.lists(
        st.builds(
            about,
            st.sampled_from(["newsletter", "survey"]),
            st.sampled_from(["granted", "withdrawn", "pending"]),
            st.integers(0, 5),
            customer=st.sampled_from([Buyer(email="ana@example.com"), Buyer(email="b@example.com"), Buyer(phone="1")]),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_statements_about_purposes_come_does_not_matter(
    statements_: list[tuple[ConsentChanged, datetime]], order: Any
) -> None:
    newest = {at: (payload, at) for payload, at in statements_}  # of two at one instant nobody knows the order
    shuffled = list(newest.values())
    order.shuffle(shuffled)
    contacts = []
    for several in (newest.values(), shuffled):
        contact = Contact(email="ana@example.com")
        for payload, at in several:
            contact = apply_event(contact, payload, at)
        contacts.append(contact)
    half = len(shuffled) // 2
    parts = [Contact(email="ana@example.com")] * 2
    for number, (payload, at) in enumerate(shuffled):
        parts[number < half] = apply_event(parts[number < half], payload, at)
    assert contacts[0] == contacts[1] == merge(*parts)


def test_the_newest_wish_for_a_channel_counts() -> None:
    by_mail, by_sms = about("marketing", "granted", 1), about("marketing", "granted", 2, channel="sms")
    wishes = [(msgspec.structs.replace(payload, preferred=True), at) for payload, at in (by_mail, by_sms)]
    for several in (wishes, wishes[::-1]):
        contact = Contact()
        for payload, at in several:
            contact = apply_event(contact, payload, at)
        assert (contact.preferred, contact.preferred_at) == ("sms", MORNING + timedelta(minutes=2))
        assert merge(Contact(), contact).preferred == "sms"


def test_the_first_order_says_that_an_address_was_got_in_a_sale() -> None:
    order = OrderChanged(customer=Buyer(email="ana@example.com"), order_id="1")
    contact = Contact()
    for minute in (5, 2, 9):
        contact = apply_event(contact, order, MORNING + timedelta(minutes=minute))
    assert contact.bought_at == MORNING + timedelta(minutes=2)
    assert merge(Contact(), contact).bought_at == contact.bought_at


def test_a_box_that_stays_ticked_does_not_outweigh_a_stop() -> None:
    number = "+12025550123"
    ticked = CustomerChanged(customer=Buyer(phone=number, sms_marketing=True))
    stopped = ConsentChanged(customer=Buyer(phone=number), channel="sms", state="withdrawn", source=STOP)
    anew = ConsentChanged(customer=Buyer(phone=number), channel="sms", state="granted", source="form")
    contact = Contact()
    happened: list[tuple[Payload, str]] = [(ticked, "granted"), (stopped, "withdrawn"), (ticked, "withdrawn")]
    for day, (payload, wanted) in enumerate([*happened, (anew, "granted")]):
        contact = apply_event(contact, payload, MORNING + timedelta(days=day))
        assert contact.sms_consent.state == wanted


def test_a_stop_from_a_number_of_before_says_nothing_of_the_number_of_now() -> None:
    contact = Contact(phone="+12025550199", sms_consent=Consent(state="granted", at=MORNING), updated_at=MORNING)
    stopped = ConsentChanged(customer=Buyer(phone="+12025550123"), channel="sms", state="withdrawn", source=STOP)
    after = apply_event(contact, stopped, MORNING + timedelta(days=1))
    assert (after.phone, after.sms_consent.state) == ("+12025550199", "granted")
    assert after.consents["sms:+12025550123"].state == "withdrawn"


def test_start_restores_what_held_before_the_stop_and_nothing_more() -> None:
    number, at = "+12025550123", MORNING + timedelta(days=1)
    stopped = ConsentChanged(customer=Buyer(phone=number), channel="sms", state="withdrawn", source=STOP)
    restored = ConsentChanged(customer=Buyer(phone=number), channel="sms", state="restored", source=STOP, undoes=at)
    for before in (
        Consent(),
        Consent(state="granted", at=MORNING),
        Consent(state="withdrawn", at=MORNING, source="form"),
    ):
        contact = apply_event(Contact(phone=number, sms_consent=before), stopped, at)
        assert contact.sms_consent.state == "withdrawn"
        assert apply_event(contact, restored, at + timedelta(days=1)).sms_consent.state == before.state
